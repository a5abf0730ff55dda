"""What departments researched: topics as they were set, visits, measures, and how far topics had come in the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from services.cli.sample.chance import chance
from services.cli.sample.days import LAST, workdays, working_day_after
from services.cli.sample.names import POSTS, TOPICS
from services.cli.sample.province import Department, Province
from services.cli.sample.rows import Row
from services.cli.workbook import Cells

KINDS = ("topics", "visits", "measures")
TOPIC_KINDS = ("战略性", "对策性", "前瞻性", "跟踪性", "解剖式", "督查式")
GROUPS = ("处长×1；副处长×1；干部×2", "副厅长×1；处长×2；干部×3", "处长×1；干部×2", "")
OUTSIDE = {
    "企业": ("示例第一机械厂", "示例纺织公司", "示例种业公司", "示例软件园科技公司", "示例乳业公司", "示例物流公司"),
    "事业单位": ("示例职业学院", "示例县人民医院", "示例市规划院"),
    "其他（村、社区等）": ("示例县示例村", "示例县前示例村", "示例区示例社区", "示例镇便民服务中心"),
}
DEEDS = ("统一{}工作标准", "建立{}会商制度", "印发{}工作指引", "开展{}专项行动", "搭建{}信息平台")


@dataclass
class Researched:
    """The rows in the order in which they would be sent: topics, then what came of them, then what was mended."""

    topics: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    measures: list[Row] = field(default_factory=list)
    progress: list[Row] = field(default_factory=list)
    mended: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All of them in that order."""
        return [*self.topics, *self.visits, *self.measures, *self.progress, *self.mended]


def research(province: Province) -> Researched:
    """What all departments researched, and what of it was corrected or taken back."""
    found = Researched()
    for department in province.departments:
        _Group(province, department, found).research()
    source = chance("research", "mended")
    for row in found.visits:
        if source.random() < 0.05:
            found.mended.append(row.voided("重复登记"))
        elif source.random() < 0.08:
            other = source.choice(province.departments).unit.code
            found.mended.append(row.corrected("被调研单位填报有误", visited=other, place=None, kind=None))
    found.mended += [row.voided("与其他措施合并") for row in found.measures if source.random() < 0.03]
    return found


class _Group:
    """A department's research groups."""

    def __init__(self, province: Province, department: Department, found: Researched) -> None:
        self._province = province
        self._department = department
        self._found = found
        self._source: Random = chance("research", department.unit.code)
        self._aims: Random = chance("research", "aims", department.unit.code)
        self._counts: Counter[str] = Counter()

    def research(self) -> None:
        """One to three topics; the last of them is still open in the end."""
        number = 1 + (self._source.random() < self._department.character.zeal) + (self._source.random() < 0.25)
        for place in range(number):
            self._topic(last=place == number - 1)

    def _row(self, kind: str, day: date, title: str, cells: Cells) -> Row:
        self._counts[kind] += 1
        letters = dict(zip(KINDS, ("KT", "DY", "CS"), strict=True))
        number = f"{letters[kind]}-2026-{self._counts[kind]:03d}"
        return Row(kind, {"number": number, "unit": self._department.unit.code, "day": day, "title": title, **cells})

    def _topic(self, *, last: bool) -> None:
        source, character = self._source, self._department.character
        month = source.randint(max(3, character.since), 6)
        day, subject = source.choice(workdays(month)), source.choice(TOPICS)
        approved = working_day_after(day, source.randint(2, 6))
        told: Cells = {
            "kind": source.choice(TOPIC_KINDS),
            "leader": source.choice(POSTS),
            "group": source.choice(GROUPS),
            "outline": f"围绕{subject}的堵点难点，深入基层座谈走访，提出对策",
            "approved": approved,
            "state": "破题",
        }
        topic = self._row("topics", day, f"{subject}情况调研", told)
        self._found.topics.append(topic)
        visits = list(self._visits(topic, approved))
        self._found.visits += visits
        if not visits or source.random() > character.zeal + 0.25:
            return
        reported = working_day_after(_day(visits[-1]), source.randint(5, 15))
        if reported > LAST:
            return
        measures = list(self._measures(topic, subject, reported))
        self._found.measures += measures
        reached: Cells = {"state": "成果转化", "report": f"{subject}调研报告", "reported": reported}
        revisited = working_day_after(reported, source.randint(25, 50))
        if not last and revisited < LAST and source.random() < character.zeal:
            reached |= {"state": "督查回访", "revisited": revisited, "effective": "是", "finding": "措施已见成效"}
            closed = working_day_after(revisited, source.randint(1, 8))
            if closed < LAST:
                reached |= {"state": "关闭", "closed": closed}
        self._found.progress.append(Row("topics", {**topic.cells, **reached}))

    def _visits(self, topic: Row, approved: date) -> Iterator[Row]:
        """To departments, to their branches, and to places that are none of the platform's."""
        day = approved
        for _ in range(self._source.randint(0, 5)):
            day = working_day_after(day, self._source.randint(1, 9))
            if day > LAST:
                return
            name, aim = self._aim()
            told = {"topic": topic.cells["number"], "leader": self._source.choice(POSTS)}
            yield self._row("visits", day, f"赴{name}调研", {**told, "people": self._source.randint(2, 6), **aim})

    def _aim(self) -> tuple[str, Cells]:
        source = self._aims
        if source.random() < 0.55:
            department = source.choice(self._province.departments)
            unit = source.choice(department.branches) if source.random() < 0.3 else department.unit
            findings: Cells = {"findings": f"{unit.short_name}反映的问题已梳理，建议统筹解决"}
            return unit.name, {"visited": unit.code, **(findings if source.random() < 0.5 else {})}
        kind = source.choice(list(OUTSIDE))
        place = source.choice(OUTSIDE[kind])
        return place, {"place": place, "kind": kind}

    def _measures(self, topic: Row, subject: str, reported: date) -> Iterator[Row]:
        """Settled, under way or not begun, as the department goes about it."""
        source, zeal = self._source, self._department.character.zeal
        for deed in source.sample(DEEDS, source.randint(1, 3)):
            owner = source.choice([self._department.unit.code, self._aims.choice(self._province.departments).unit.code])
            due = min(LAST, reported + timedelta(days=source.randint(30, 90)))
            told: Cells = {"topic": topic.cells["number"], "owner": owner, "due": due}
            noted = working_day_after(reported, source.randint(5, 20))
            if noted <= LAST and source.random() < zeal + 0.3:
                told |= {
                    "state": "推进中",
                    "noted": noted,
                    "done": f"已起草{subject}工作方案",
                    "next": "征求意见后印发",
                }
                settled = working_day_after(noted, source.randint(10, 40))
                if settled <= LAST and source.random() < zeal + 0.1:
                    told |= {"state": "已销号", "settled": settled}
            yield self._row("measures", reported, deed.format(subject), told)


def _day(row: Row) -> date:
    day = row.cells["day"]
    if not isinstance(day, date):
        raise TypeError("a research record has a day")
    return day
