"""Joint study, contests and materials of nine months: what the office opens, the units' rows, and how judges score."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.cli.sample.chance import chance
from services.cli.sample.days import MONTHS, workdays
from services.cli.sample.names import TOPICS
from services.cli.sample.province import ROOT, Department, Province, Unit
from services.cli.sample.rows import Row
from services.kernel.message.event import record_id
from services.organisation.contract import UnitKind

JUDGES = ("judge", "judge2", "judge3", "judge4", "judge5")
CRITERIA = [{"name": "主题内容", "full": 50}, {"name": "表达感染力", "full": 30}, {"name": "形式创新", "full": 20}]
AWARDS = [{"name": "一等奖", "quota": 1}, {"name": "二等奖", "quota": 2}, {"name": "三等奖", "quota": 3}]


@dataclass(frozen=True)
class Contest:
    """A contest of the province, and the share of youth groups that enter it."""

    number: str
    kind: str
    title: str
    opens: date
    closes: date
    tie: str
    share: float

    @property
    def id(self) -> str:
        """Its number is its identity."""
        return record_id("study", "contests", ROOT, self.number)


CONTESTS = (
    Contest("BS-2026-01", "speech", "青春建功演讲比赛", date(2026, 4, 1), date(2026, 5, 29), "all_scores", 0.16),
    Contest("BS-2026-02", "essay", "学思践悟征文", date(2026, 6, 1), date(2026, 8, 31), "criteria", 0.12),
)
SETS = (
    (
        "ZL-2026-01",
        "第一批学习资料",
        "complete",
        date(2026, 2, 9),
        [("原著选读", 12), ("学习纲要", 8), ("专题摘编", 6)],
    ),
    ("ZL-2026-02", "第二批学习资料", "key_point", date(2026, 6, 8), [("调研方法读本", 6), ("案例选编", 4.5)]),
)


@dataclass(frozen=True)
class Post:
    """What somebody does through the API, by whose account."""

    by: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


def opening() -> list[Post]:
    """What the office calls and issues before anybody reports."""
    contests = [
        {
            "unit": ROOT,
            "number": each.number,
            "kind": each.kind,
            "title": each.title,
            "day": each.opens.isoformat(),
            "last": each.closes.isoformat(),
            "judges": list(JUDGES),
            "criteria": CRITERIA,
            "drop_highest": 1,
            "drop_lowest": 1,
            "tie": each.tie,
            "awards": AWARDS,
        }
        for each in CONTESTS
    ]
    sets = [
        {
            "unit": ROOT,
            "number": number,
            "title": title,
            "day": day.isoformat(),
            "manner": manner,
            "medium": "offline",
            "items": [{"title": item, "kind": "book", "hours": hours} for item, hours in items],
        }
        for number, title, manner, day, items in SETS
    ]
    return [
        *(Post("office", "/study/contests", body) for body in contests),
        *(Post("office", "/study/materials", body) for body in sets),
    ]


def called() -> list[Row]:
    """The contests as rows, for the count of what the figures must be."""
    return [Row("contests", {"unit": ROOT, "number": each.number, "day": each.opens}) for each in CONTESTS]


def closing(rows: list[Row]) -> list[Post]:
    """The judges score every entry; the scoring is closed, and the awards of the first contest are published."""
    posts = []
    for contest in CONTESTS:
        entries = [row for row in rows if row.kind == "entries" and row.cells["contest"] == contest.number]
        if not entries:
            continue
        address = f"/study/contests/{contest.id}"
        posts.append(Post("office", f"{address}/scorings"))
        for row in entries:
            entry = record_id("study", "entries", str(row.cells["unit"]), str(row.cells["number"]))
            worth = chance("worth", entry).uniform(0.6, 0.95)
            for judge in JUDGES:
                source = chance("score", entry, judge)
                marks = [_half(each["full"], worth + source.uniform(-0.08, 0.05)) for each in CRITERIA]
                posts.append(Post(judge, f"/study/entries/{entry}/scores", {"marks": marks}))
        posts.append(Post("office", f"{address}/closings"))
    return [*posts, *([Post("office", f"/study/contests/{CONTESTS[0].id}/publications")] if posts else [])]


def _half(full: Any, share: float) -> float:
    """Some of the full marks, to half a mark."""
    return min(int(full), round(2 * int(full) * share) / 2)


def joint(province: Province) -> list[Row]:
    """The rows that the units send: pairs with their activities, entries, copies."""
    central = [each for each in province.departments if each.unit.kind == UnitKind.central]
    others = [each for each in province.departments[1:] if each.unit.kind != UnitKind.central]
    rows = [row for each in central for row in _pairs(each, others)]
    for department in province.departments:
        rows += [*_entries(department), *_issues(department)]
    return rows


def mended(rows: list[Row]) -> list[Row]:
    """What came later: an activity said anew, one taken back, a pair ended."""
    activities = [row for row in rows if row.kind == "activities"]
    pairs = [row for row in rows if row.kind == "pairs"]
    return [
        *(
            row.corrected("参加人数统计有误", central_people=int(str(row.cells["central_people"])) + 2)
            for row in activities[3::9]
        ),
        *(row.voided("重复登记") for row in activities[5::14]),
        *(row.corrected("结对任务完成", last=date(2026, 9, 30)) for row in pairs[2::5]),
    ]


def _pairs(department: Department, others: list[Department]) -> Iterator[Row]:
    """One to three pairs of a central unit, each with some activities, led by the one or the other in turn."""
    source, unit = chance("joint", department.unit.code), department.unit
    number = 0
    for place, partner in enumerate(source.sample(others, min(len(others), source.randint(1, 3))), start=1):
        began = source.choice(workdays(source.choice((2, 3))))
        pair = f"JD-{place:02d}"
        topic = source.choice(TOPICS)
        yield Row(
            "pairs",
            {
                "number": pair,
                "unit": unit.code,
                "day": began,
                "title": f"{topic}联学共建",
                "central": unit.code,
                "provincial": partner.unit.code,
                "tags": source.choice((None, "建在链上", "对口帮扶")),
            },
        )
        for month in MONTHS:
            if date(2026, month, 28) < began + timedelta(days=28) or month > 9 or source.random() > 0.4:
                continue
            number += 1
            day, led = source.choice(workdays(month)), source.choice((unit, partner.unit))
            yield Row(
                "activities",
                {
                    "number": f"LX-{unit.code}-{number:02d}",
                    "unit": led.code,
                    "day": day,
                    "title": f"{month}月联学：{topic}",
                    "pair": pair,
                    "pair_unit": None if led is unit else unit.code,
                    "central_people": source.randint(6, 30),
                    "provincial_people": source.randint(6, 30),
                },
            )


def _entries(department: Department) -> Iterator[Row]:
    for group in department.groups:
        source = chance("contest", group.code)
        for contest in CONTESTS:
            if source.random() < contest.share:
                yield _entry(group, contest, source.choice(TOPICS), source.randint(1, 99))


def _entry(group: Unit, contest: Contest, topic: str, author: int) -> Row:
    days = [day for day in workdays(contest.opens.month) if day >= contest.opens]
    return Row(
        "entries",
        {
            "number": f"ZP-{contest.number[-2:]}",
            "unit": group.code,
            "day": days[author % len(days)],
            "title": f"{topic}里的青春",
            "contest": contest.number,
            "author": f"{author} 号选手",
            "reference": f"{contest.number}-{group.code}",
        },
    )


def _issues(department: Department) -> Iterator[Row]:
    """Copies for each department, of each set, some days after it came out."""
    source = chance("copies", department.unit.code)
    for number, title, _, day, _ in SETS:
        later = [each for each in workdays(day.month) if each >= day]
        yield Row(
            "issues",
            {
                "number": f"PF-{number[-2:]}",
                "unit": department.unit.code,
                "day": source.choice(later),
                "title": title,
                "copies": department.unit.members + source.randint(5, 40),
                "material": number,
            },
        )
