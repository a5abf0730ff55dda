"""What a department studied in nine months: sessions, essays and lectures, as its ledgers tell them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from random import Random

from services.cli.sample.chance import chance, some
from services.cli.sample.days import MONTHS, SEASON, workdays
from services.cli.sample.names import PLACES, POSTS, PROGRAMMES, TOPICS
from services.cli.sample.province import Character, Department, Unit
from services.cli.sample.rows import Row
from services.cli.workbook import Cell

KINDS = ("sessions", "essays", "lectures")
STYLES = ("2026-{:03d}", "学〔2026〕{}号", "XX-2026-{:04d}", "{:03d}")


class Ledger:
    """Writes down what a department did and who was there, and numbers it in the end, unit by unit in order of days."""

    def __init__(self, department: Department) -> None:
        self.department = department
        self.source: Random = chance("study", department.unit.code)
        self._style = self.source.choice(STYLES)
        self._says_present = self.source.random() < 0.6

    def session(self, unit: Unit, day: date, way: str, form: str, title: str, due: int) -> Row:
        """A row of 学习活动台账."""
        character = self.department.character
        cells: dict[str, Cell] = {"way": way, "form": form, "due": due, **self._named(unit, character, due)}
        if self._says_present:
            cells["present"] = due - sum(int(str(cells[key])) for key in REASONS if cells.get(key))
        return self._row("sessions", unit, day, title, cells)

    def essay(self, unit: Unit, day: date, title: str, session: Cell) -> Row:
        """A row of 学习体会文章."""
        return self._row("essays", unit, day, title, {"session": session})

    def lecture(self, unit: Unit, day: date, title: str, mode: str, post: str, audience: int) -> Row:
        """A row of 专题党课."""
        return self._row("lectures", unit, day, title, {"mode": mode, "speaker_post": post, "audience": audience})

    def numbered(self, rows: Iterable[Row]) -> list[Row]:
        """The rows by day under their units' own numbers; an essay, too, then names its reading class by number."""
        counts: Counter[tuple[str, object]] = Counter()
        classes: dict[Cell, str] = {}
        found = []
        for row in sorted(rows, key=lambda row: (KINDS.index(row.kind), str(row.cells["day"]))):
            counts[row.kind, row.cells["unit"]] += 1
            number = self._style.format(counts[row.kind, row.cells["unit"]])
            if row.cells.get("form") == "读书班":
                classes[row.cells["title"]] = number
            named = {"session": classes[row.cells["session"]]} if row.cells.get("session") else {}
            found.append(Row(row.kind, {"number": number, **row.cells, **named}))
        return found

    def _row(self, kind: str, unit: Unit, day: date, title: str, cells: dict[str, Cell]) -> Row:
        return Row(kind, {"unit": unit.code, "day": day, "title": title, **cells})

    def _named(self, unit: Unit, character: Character, due: int) -> dict[str, Cell]:
        left, named = due, {}
        shares = {"duty": 0.035, "illness": 0.01, "personal": 0.015, "absent": character.absent}
        if "离退休" in unit.name:
            shares = {"illness": 0.06, "exempt": 0.08, "absent": character.absent}
        for reason, share in shares.items():
            if count := min(left, some(self.source, due, share)):
                named[reason] = count
                left -= count
        if left and self.source.random() < 0.02:
            named["transferred"] = 1
        return dict(named)


REASONS = ("duty", "illness", "personal", "absent", "transferred", "exempt")


def study(department: Department) -> list[Row]:
    """All of a department's records by day, each said once and rightly."""
    ledger = Ledger(department)
    rows = [
        *_leadership(ledger),
        *(row for branch in department.branches for row in _branch(ledger, branch)),
        *(row for group in department.groups for row in _youth(ledger, group)),
        *_self_study(ledger),
    ]
    return ledger.numbered(rows)


def _held(ledger: Ledger, share: float) -> Iterator[date]:
    """A day in each month in which it was held: seasons, the department's zeal and its beginning decide."""
    character, source = ledger.department.character, ledger.source
    for month in MONTHS:
        happens = source.random() < share * character.zeal * SEASON[month]
        if happens and month >= character.since:
            yield source.choice(workdays(month))


def _leadership(ledger: Ledger) -> Iterator[Row]:
    unit, source = ledger.department.unit, ledger.source
    leaders = 6 + len(ledger.department.branches) // 4
    for day in _held(ledger, 1.25):
        yield ledger.session(unit, day, "领学", "第一议题", f"第一议题：{source.choice(TOPICS)}", leaders)
    for day in _held(ledger, 0.55):
        title = f"理论学习中心组{day.month}月学习：{source.choice(TOPICS)}"
        yield ledger.session(unit, day, "领学", "理论学习中心组学习", title, leaders + 8)
    for month, name in ((4, "春季"), (7, "年中")):
        if month >= ledger.department.character.since and source.random() < 0.35 + ledger.department.character.zeal:
            day = source.choice(workdays(month)[:12])
            row = ledger.session(unit, day, "领学", "读书班", f"{name}读书班", leaders + 20)
            yield row
            for _ in range(source.randint(4, 10)):
                written = source.choice([later for later in workdays(month + 1) if later > day])
                title = f"{name}读书班学习体会：{source.choice(TOPICS)}"
                yield ledger.essay(unit, written, title, row.cells["title"])
    for day in _held(ledger, 0.16):
        yield ledger.session(unit, day, "领学", "现场见学", f"赴{source.choice(PLACES)}现场见学", leaders + 12)
    for number, day in enumerate(_held(ledger, 0.9)):
        mode = "集中讲" if number == 0 else "分头讲"
        audience = source.randint(15, 60) * (3 if number == 0 else 1)
        yield ledger.lecture(
            unit, day, f"专题党课：{source.choice(TOPICS)}", mode, POSTS[number % len(POSTS)], audience
        )


def _branch(ledger: Ledger, branch: Unit) -> Iterator[Row]:
    source, due = ledger.source, branch.members
    for day in _held(ledger, 1.0):
        title = f"{day.month}月主题党日：{source.choice(TOPICS)}"
        yield ledger.session(branch, day, "研学", "主题党日", title, due)
    for day in _held(ledger, 0.2):
        title = f"支部党员大会：学习讨论{source.choice(TOPICS)}"
        yield ledger.session(branch, day, "研学", "支部党员大会", title, due)
    for day in _held(ledger, 0.12):
        yield ledger.session(branch, day, "研学", "研讨", f"专题研讨：{source.choice(TOPICS)}", due)
    if due >= 7:
        for day in _held(ledger, 0.06):
            yield ledger.session(branch, day, "研学", "支部委员会", f"支委会{day.month}月集体学习", 5)


def _youth(ledger: Ledger, group: Unit) -> Iterator[Row]:
    source = ledger.source
    for day in _held(ledger, 0.7):
        yield ledger.session(group, day, "精学", "小组学习", f"小组学习：{source.choice(TOPICS)}", group.members)
    for day in _held(ledger, 0.1):
        yield ledger.session(group, day, "精学", "联学共建", f"联学共建：{source.choice(TOPICS)}", group.members)
    for day in _held(ledger, 0.12):
        yield ledger.session(group, day, "精学", "提升工程", source.choice(PROGRAMMES), group.members)


def _self_study(ledger: Ledger) -> Iterator[Row]:
    body, source = ledger.department.body, ledger.source
    for form, share in (("线上", 0.5), ("线下", 0.35)):
        for day in _held(ledger, share):
            due = max(8, ledger.department.unit.members * source.randint(20, 60) // 100)
            yield ledger.session(body, day, "自学", form, f"{day.month}月{form}自学：{source.choice(TOPICS)}", due)
