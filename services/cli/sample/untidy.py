"""A ledger full of mistakes, each with the column and the code by which it must be refused; nothing of it may enter."""

from dataclasses import dataclass
from datetime import date, datetime, time

from services.cli.sample.days import FIRST, LAST
from services.cli.sample.province import DESK, ROOT, Province
from services.cli.sample.rows import CORRECT, VOID, Row
from services.cli.workbook import Cell, Cells


@dataclass(frozen=True)
class Wrong:
    """A row, and what must be said of it: (column's key, code), or nothing where the row itself is in order."""

    kind: str
    cells: Cells
    said: tuple[str, str] | None = None


@dataclass(frozen=True)
class Known:
    """Rows that were sent before and stand, of which the mistakes are variations."""

    topic: Row
    """One that is converted and not closed."""
    counted: Row
    """A session that was reported in numbers."""
    named: Cells
    """A row of 考勤表."""
    receipt: Row
    joint: list[Row]
    """One of each: pairs, activities, entries, issues."""


def untidy(province: Province, known: Known) -> dict[str, list[Wrong]]:
    """The rows of each sheet of 不规范台账.xlsx."""
    branch = province.departments[0].branches[0].code
    return {
        "members": _members(branch),
        "sessions": _sessions(branch),
        "attendance": _attendance(known),
        "receipts": _receipts(known.receipt),
        "essays": _essays(branch),
        "lectures": _lectures(branch),
        **{row.kind: _JOINT[row.kind](row) for row in known.joint},
        "topics": _topics(str(known.topic.cells["unit"])),
        "visits": _visits(known.topic),
        "measures": _measures(known.topic),
        "tickets": _tickets(province),
    }


class _Sheet:
    """Writes variations of one row that is in order, each under a number of its own where the sheet has numbers."""

    def __init__(self, kind: str, prefix: str, right: Cells, numbered: str | None = "number") -> None:
        self._kind, self._prefix, self._right, self._numbered = kind, prefix, right, numbered
        self.rows: list[Wrong] = []
        self.rows.append(Wrong(kind, {**self._number(), **right}))

    def wrong(self, column: str, code: str, **cells: Cell) -> None:
        """A row with these cells instead, to be refused at the column with the code."""
        self.rows.append(Wrong(self._kind, {**self._right, **self._number(), **cells}, (column, code)))

    def _number(self) -> Cells:
        return {} if self._numbered is None else {self._numbered: f"{self._prefix}-{len(self.rows):03d}"}


def _sessions(branch: str) -> list[Wrong]:
    sheet = _Sheet(
        "sessions",
        "错活动",
        {"unit": branch, "day": date(2026, 5, 12), "title": "主题党日", "way": "研学", "form": "主题党日", "due": 20},
    )
    wrong = sheet.wrong
    wrong("unit", "unit.unknown", unit="D999-B01")
    wrong("unit", "cell.missing", unit=None)
    wrong("number", "cell.missing", number=None)
    wrong("title", "cell.missing", title="  ")
    wrong("title", "cell.invalid", title="长" * 121)
    wrong("day", "cell.missing", day=None)
    wrong("day", "cell.invalid", day="五月十二日")
    wrong("day", "cell.invalid", day="2026-02-30")
    wrong("day", "day.in_future", day=date(2099, 3, 1))
    wrong("way", "cell.invalid", way="跟学")
    wrong("form", "cell.invalid", form="茶话会")
    wrong("form", "session.form_mismatch", way="领学", form="主题党日")
    wrong("due", "cell.invalid", due="二十人")
    wrong("due", "cell.invalid", due="12.5")
    wrong("due", "cell.invalid", due=-5)
    wrong("absent", "cell.invalid", absent=-1)
    wrong("present", "session.present_exceeds_due", present=23)
    wrong("present", "session.present_disagrees", present=20, duty=2)
    wrong("absences", "session.absences_exceed_due", duty=12, illness=9)
    wrong("number", "session.number_taken", number="错活动-000", due=21)
    wrong("reason", "row.reason_missing", action=CORRECT, number="错活动-000", due=22)
    wrong("", "session.not_found", action=VOID, reason="误报")
    wrong("action", "cell.invalid", action="删除")
    return sheet.rows


def _members(branch: str) -> list[Wrong]:
    sheet = _Sheet("members", "CUO", {"name": "样例·错", "unit": branch, "since": date(2026, 2, 2)}, "id")
    sheet.wrong("id", "cell.invalid", id="错党员")
    sheet.wrong("name", "cell.missing", name=None)
    sheet.wrong("unit", "unit.unknown", unit="D999")
    sheet.wrong("since", "cell.invalid", since="二月初")
    sheet.wrong("until", "row.until_missing", action="离开")
    sheet.wrong("reason", "row.reason_missing", action=CORRECT)
    return sheet.rows


def _attendance(known: Known) -> list[Wrong]:
    sheet = _Sheet("attendance", "", known.named, None)
    sheet.wrong("session", "attendance.session_unknown", session="DM-404")
    sheet.wrong(
        "session", "attendance.by_count", unit=known.counted.cells["unit"], session=known.counted.cells["number"]
    )
    sheet.wrong("member", "session.member_not_due", member="DY-NOBODY-1")
    sheet.wrong("outcome", "cell.invalid", outcome="旷课")
    return sheet.rows


def _receipts(receipt: Row) -> list[Wrong]:
    sheet = _Sheet("receipts", "", receipt.cells, None)
    sheet.wrong("number", "cell.invalid", number="三月")
    sheet.wrong("number", "receipt.not_found", number="2025-12")
    sheet.wrong("number", "receipt.not_found", plan="JH-404")
    sheet.wrong("unit", "receipt.not_found", unit=ROOT)
    sheet.wrong("day", "cell.missing", day=None)
    return sheet.rows


def _pairs(pair: Row) -> list[Wrong]:
    sheet = _Sheet("pairs", "错结对", pair.cells)
    central, provincial = pair.cells["central"], pair.cells["provincial"]
    sheet.wrong("central", "pair.unit_unknown", central="D999")
    sheet.wrong("central", "pair.kind_mismatch", central=provincial, provincial=central)
    sheet.wrong("unit", "pair.unit_outside", unit=ROOT)
    sheet.wrong("last", "pair.days_out_of_order", last=FIRST)
    sheet.wrong("reason", "row.reason_missing", action=VOID, number=pair.cells["number"])
    return sheet.rows


def _activities(activity: Row) -> list[Wrong]:
    sheet = _Sheet("activities", "错联学", activity.cells)
    sheet.wrong("pair", "activity.pair_unknown", pair="JD-404")
    sheet.wrong("day", "activity.day_outside", day=FIRST)
    sheet.wrong("central_people", "cell.invalid", central_people=-3)
    return sheet.rows


def _entries(entry: Row) -> list[Wrong]:
    sheet = _Sheet("entries", "错作品", entry.cells)
    sheet.wrong("contest", "entry.contest_unknown", contest="BS-404")
    sheet.wrong("contest", "entry.contest_closed")
    sheet.wrong("author", "cell.missing", author=None)
    return sheet.rows


def _issues(issue: Row) -> list[Wrong]:
    sheet = _Sheet("issues", "错配发", issue.cells)
    sheet.wrong("copies", "cell.invalid", copies="若干")
    sheet.wrong("material", "issue.material_unknown", material="ZL-404")
    sheet.wrong("day", "day.in_future", day=date(2099, 3, 1))
    return sheet.rows


def _essays(branch: str) -> list[Wrong]:
    sheet = _Sheet("essays", "错文章", {"unit": branch, "day": date(2026, 5, 12), "title": "学习体会"})
    sheet.wrong("title", "cell.missing", title=None)
    sheet.wrong("day", "cell.invalid", day=20260512)
    sheet.wrong("", "essay.not_found", action=CORRECT, reason="日期有误")
    return sheet.rows


def _lectures(branch: str) -> list[Wrong]:
    right: Cells = {"unit": branch, "day": date(2026, 5, 12), "title": "专题党课"}
    right |= {"mode": "集中讲", "speaker_post": "支部书记", "audience": 30}
    sheet = _Sheet("lectures", "错党课", right)
    sheet.wrong("mode", "cell.invalid", mode="漫谈")
    sheet.wrong("audience", "cell.invalid", audience="很多")
    sheet.wrong("speaker_post", "cell.missing", speaker_post=None)
    return sheet.rows


_JOINT = {"pairs": _pairs, "activities": _activities, "entries": _entries, "issues": _issues}


def _topics(unit: str) -> list[Wrong]:
    right: Cells = {"unit": unit, "day": date(2026, 5, 12), "title": "数据共享情况调研"}
    sheet = _Sheet("topics", "错课题", {**right, "kind": "对策性", "leader": "党组书记"})
    wrong = sheet.wrong
    wrong("kind", "topic.kind_unknown", kind="随意性")
    wrong("group", "cell.invalid", group="处长××2")
    wrong("cooperating", "unit.unknown", cooperating="D999")
    wrong("state", "topic.gate_closed", state="解题", outline="座谈", approved=date(2026, 5, 13))
    wrong("reported", "row.day_missing", state="破题", outline="座谈", report="报告")
    wrong("day", "topic.dates_out_of_order", state="破题", outline="座谈", approved=date(2026, 5, 11))
    return sheet.rows


def _visits(topic: Row) -> list[Wrong]:
    unit, number = topic.cells["unit"], topic.cells["number"]
    right: Cells = {"unit": unit, "day": LAST, "title": "座谈", "topic": number, "leader": "副厅长"}
    sheet = _Sheet("visits", "错调研", {**right, "place": "示例村", "kind": "其他（村、社区等）"})
    wrong = sheet.wrong
    wrong("topic", "topic.unknown", topic="KT-404")
    wrong("visited", "unit.unknown", visited="D999", place=None, kind=None)
    wrong("visited", "visit.place_missing", place=None, kind=None)
    wrong("kind", "visit.kind_missing", kind=None)
    wrong("people", "cell.invalid", people=0)
    return sheet.rows


def _measures(topic: Row) -> list[Wrong]:
    unit, number = topic.cells["unit"], topic.cells["number"]
    right: Cells = {"unit": unit, "day": date(2026, 10, 30), "title": "统一标准", "topic": number}
    sheet = _Sheet("measures", "错措施", {**right, "owner": unit, "due": LAST})
    wrong = sheet.wrong
    wrong("owner", "unit.unknown", owner="D999")
    wrong("due", "measure.due_before_day", due=date(2026, 10, 1))
    wrong("done", "row.progress_missing", state="推进中")
    wrong("settled", "row.day_missing", state="已销号", noted=LAST, done="已印发")
    return sheet.rows


def _tickets(province: Province) -> list[Wrong]:
    department = next(each for each in province.departments if each.unit.code != DESK)
    received, at = _at(date(2026, 5, 12), 9), _at(date(2026, 5, 12), 10)
    right: Cells = {"unit": DESK, "channel": "电话", "kind": "求助", "category": "住房", "title": "请求维修房屋"}
    sheet = _Sheet("tickets", "错工单", {**right, "received": received})
    wrong = sheet.wrong
    wrong("received", "cell.invalid", received="上午九点")
    wrong("handler", "unit.unknown", handler="D999", dispatched=at)
    wrong("answered", "ticket.dates_out_of_order", answered=_at(date(2026, 5, 11), 9), answer="已答复")
    wrong("answered", "day.in_future", answered=_at(date(2099, 5, 12), 9), answer="已答复")
    wrong("dispatched", "ticket.step_missing", signed=at)
    wrong("", "cell.invalid", handler=department.unit.code)
    wrong("satisfaction", "cell.invalid", satisfaction="非常满意")
    wrong("", "cell.invalid", answered=at, answer="已答复", called_back=at, valid="否")
    accused = department.unit.code
    report: Cells = {"kind": "举报", "reported_unit": accused, "handler": department.body.code, "dispatched": at}
    wrong("handler", "ticket.reported_unit", **report)
    return sheet.rows


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour))
