"""What does not come right the first time: rows sent late, corrected, taken back, or sent again by mistake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from services.cli.sample.chance import chance
from services.cli.sample.days import workdays
from services.cli.sample.province import Department
from services.cli.sample.rows import Row


@dataclass(frozen=True)
class Sent:
    """A ledger as it first came, and what came months later (nothing, from a department that was careful)."""

    first: list[Row]
    later: list[Row] = field(default_factory=list)


def study_sent(department: Department, rows: list[Row]) -> Sent:
    """A department's ledgers: half of the departments have something to mend."""
    source = chance("supplement", department.unit.code)
    if source.random() < 0.5:
        return Sent([*rows, *_repeated(source, rows, 1 if source.random() < 0.4 else 0)])
    late = [row for row in _mendable(rows) if source.random() < 0.05]
    first = [row for row in rows if row not in late]
    chosen = _chosen(source, _mendable(first), 9)
    mended = [_corrected(source, row) for row in chosen[:6]]
    voided = [row.voided(source.choice(("重复登记", "误报，活动未开展"))) for row in chosen[6:]]
    return Sent(first, [*late, *mended, *voided, *_repeated(source, first, 4)])


def tickets_sent(rows: list[Row]) -> Sent:
    """The desk's ledgers: what was overlooked, misjudged or taken down twice."""
    source = chance("supplement", "tickets")
    late = [row for row in rows if source.random() < 0.01]
    first = [row for row in rows if row not in late]
    heard = [row for row in first if row.cells.get("valid") == "是"]
    mended = [
        *(row.corrected("回访结果录入有误", satisfaction="不满意") for row in _chosen(source, heard, len(rows) // 130)),
        *(
            row.corrected("诉求类型判定有误", kind="求助")
            for row in _chosen(source, first, len(rows) // 150)
            if row.cells["kind"] == "投诉"
        ),
    ]
    told = {row.record for row in mended}
    left = [row for row in first if row.record not in told]
    voided = [row.voided("同一诉求重复登记") for row in _chosen(source, left, max(1, len(rows) // 250))]
    return Sent(first, [*late, *_once(mended), *voided, *_repeated(source, left, 12)])


def _mendable(rows: list[Row]) -> list[Row]:
    """Reading classes stay: essays name them."""
    return [row for row in rows if row.cells.get("form") != "读书班"]


def _chosen(source: Random, rows: list[Row], number: int) -> list[Row]:
    return source.sample(rows, min(number, len(rows) // 3))


def _repeated(source: Random, rows: list[Row], number: int) -> list[Row]:
    return _chosen(source, rows, number)


def _once(rows: list[Row]) -> list[Row]:
    return list({row.record: row for row in rows}.values())


def _corrected(source: Random, row: Row) -> Row:
    mend: Callable[[Random, Row], Row] = source.choice((_other_day, _more_people))
    return mend(source, row) if row.kind == "sessions" else _other_day(source, row)


def _other_day(source: Random, row: Row) -> Row:
    day = row.cells["day"]
    if not isinstance(day, date):
        raise TypeError("a study record has a day")
    days = [other for other in workdays(day.month) if other != day]
    return row.corrected("日期填报有误", day=source.choice(days))


def _more_people(source: Random, row: Row) -> Row:
    due, more = row.cells["due"], source.randint(1, 3)
    if not isinstance(due, int):
        raise TypeError("a session has people due")
    present = row.cells.get("present")
    told = {"present": present + more} if isinstance(present, int) else {}
    return row.corrected("参加人数统计有误", due=due + more, **told)
