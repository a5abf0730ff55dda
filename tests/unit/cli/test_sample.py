"""The sample province: large enough, the same every time, readable by the platform's own sheets, and nobody in it."""

import re
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest

from services.cli.sample.days import FIRST, LAST, works
from services.cli.sample.generate import Sample, sample
from services.cli.sample.province import DESK, REFORMED, REFORMS, ROOT
from services.cli.sample.recount import At, recount, standing
from services.cli.sample.rows import Row
from services.cli.workbook import SHEETS, Cells, workbook
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import parse
from services.organisation.contract import Role, UnitKind

SMALL = 4
AMONG_ALL = ("tickets", "visits", "measures")
"""These go to any department there is."""
COMMITTED = Path(__file__).parents[3] / "deploy/sample"


@cache
def whole() -> Sample:
    """The province as the demonstration loads it."""
    return sample()


@cache
def small() -> Sample:
    """A province of four departments."""
    return sample(SMALL)


def test_the_province_is_of_the_promised_size() -> None:
    """At least 90 departments of four kinds, 1,500 units on four levels, 15,000 records in both services."""
    units = whole().province.units
    kinds = Counter(department.unit.kind for department in whole().province.departments)
    assert sum(kinds.values()) >= 90
    assert set(kinds) == {UnitKind.department, UnitKind.central, UnitKind.institution, UnitKind.enterprise}
    assert len(units) == len({unit.code for unit in units}) >= 1500
    assert len({unit.name for unit in units}) == len(units)
    depth = {ROOT: 1}
    for unit in units[1:]:
        depth[unit.code] = depth[str(unit.parent)] + 1
    assert set(depth.values()) == {1, 2, 3, 4}
    records = Counter(row.kind for row in standing(whole().rows))
    assert records.total() >= 15_000
    assert records["tickets"] >= 2_000


def test_the_campaign_lasts_nine_months_and_nothing_lies_outside_it() -> None:
    """Every day and every instant is between February and October; every month has its records."""
    days = [value for row in whole().rows for value in row.cells.values() if isinstance(value, date)]
    dates = [value.date() if isinstance(value, datetime) else value for value in days]
    assert min(dates) >= FIRST
    assert max(dates) <= LAST
    assert {day.month for day in dates} == set(range(2, 11))


def test_nobody_studies_on_a_holiday() -> None:
    """Study keeps to working days as the State Council set them: none at Spring Festival or on National Day."""
    held = {row.cells["day"] for row in whole().rows if row.kind != "tickets"}
    assert [day for day in held if isinstance(day, date) and not works(day)] == []
    assert date(2026, 2, 17) not in held


def test_the_same_province_is_made_again() -> None:
    """Two runs give the same rows, and the same rows the same bytes."""
    again = sample(SMALL)
    assert again == small()
    assert [workbook(book.sheets, book.dates) for book in again.books] == [
        workbook(book.sheets, book.dates) for book in small().books
    ]


def test_a_smaller_province_is_a_part_of_the_larger() -> None:
    """A department has the same records in any size of the province."""
    code = small().province.departments[0].unit.code
    found, expected = (
        [row for row in each.rows if row.kind not in AMONG_ALL and str(row.cells["unit"]).startswith(code)]
        for each in (small(), whole())
    )
    assert found == expected


def test_the_platform_reads_every_row_as_it_was_meant() -> None:
    """Every workbook but the untidy one passes the platform's own sheets, whatever way its sender writes days."""
    for book in small().books[2:-1]:
        for kind, cells in book.sheets.items():
            found = read(SHEETS[kind], workbook({kind: cells}, book.dates)).rows
            parsed = [parse(SHEETS[kind], row) for row in found]
            assert [errors for _, errors in parsed if errors] == []
            meant = [parse(SHEETS[kind], {**row, "_row": 0})[0] for row in map(_filled, cells)]
            assert [row for row, _ in parsed] == meant


def test_everybody_is_unmistakably_made_up() -> None:
    """Names are marked, telephone numbers begin as nobody's can, and nothing looks like an identity number."""
    calls = [row.cells for row in whole().rows if row.kind == "tickets"]
    assert all(str(call["caller_name"]).startswith("样例·") for call in calls)
    assert all(re.fullmatch(r"00000\d{6}", str(call["caller_phone"])) for call in calls)
    assert all(str(account["name"]).startswith("样例·") for account in whole().books[1].sheets["users"])
    texts = [value for row in whole().rows for value in row.cells.values() if isinstance(value, str)]
    assert not any(re.search(r"\d{15}", text) for text in texts)
    assert all("样例" in unit.name or "示例" in unit.name for unit in whole().province.units)


def test_there_is_an_account_for_every_kind_of_user_and_no_password() -> None:
    """One account a role, and a jury; passwords are made when they are loaded, not kept in a file."""
    users = whole().books[1].sheets["users"]
    roles = Counter(user["role"] for user in users)
    assert (len(roles), roles.pop("评委")) == (len(Role), 5)
    assert set(roles.values()) == {1}
    assert all("password" not in user for user in users)


def test_records_come_late_are_corrected_taken_back_and_sent_twice() -> None:
    """What departments do in earnest is in the sample, and what they sent twice counts once."""
    actions = Counter(row.cells.get("action") for row in whole().rows)
    assert actions["更正"] > 100
    assert actions["作废"] > 50
    later = [cells for book in whole().books if "补报" in book.path for rows in book.sheets.values() for cells in rows]
    assert sum("action" not in cells for cells in later) > 100
    assert len(whole().rows) > len({row.record for row in whole().rows}) + actions["更正"] + actions["作废"]


def test_departments_differ() -> None:
    """Some are far ahead, some far behind, so that a comparison says something."""
    done = []
    for department in whole().province.departments:
        units = {unit.code for unit in department.branches}
        held = [row for row in whole().rows if row.kind == "sessions" and row.cells["unit"] in units]
        done.append(len(held) / len(units))
    done.sort()
    assert done[5] < 3
    assert done[-5] > 9


@pytest.mark.parametrize(
    "figure",
    [
        "study.sessions.branch",
        "study.units_covered",
        "research.visits",
        "research.units_visited.enterprise",
        "hotline.tickets",
        "hotline.overdue",
    ],
)
def test_the_parts_make_the_whole(figure: str) -> None:
    """The committee's own and its departments' figures sum to the province's."""
    made = sample(REFORMS - 1)  # too small for a reform: each department has the same units all the time
    within = [always({ROOT}), *(made.province.at(department.unit.code) for department in made.province.departments)]
    parts = [recount(made.rows, at, FIRST, LAST)[figure] or 0 for at in within]
    whole_province = made.figures()[figure]
    assert whole_province
    assert sum(parts) == whole_province


def test_the_untidy_ledger_has_mistakes_of_many_sorts() -> None:
    """At least 25 mistakes; the platform's own sheet sees those that a cell alone shows, where they are said to be."""
    refusals = small().refusals()
    assert sum(map(len, refusals.values())) >= 25
    assert len({code for found in refusals.values() for _, _, code in found}) >= 10
    book = small().books[-1]
    for kind, expected in refusals.items():
        rows = read(SHEETS[kind], workbook({kind: book.sheets[kind]})).rows
        seen = {(error.row, error.column, error.code) for row in rows for error in parse(SHEETS[kind], row)[1]}
        assert seen == {told for told in expected if told[2].startswith("cell.")}


def test_the_committed_sheets_are_those_that_the_generator_makes(tmp_path: Path) -> None:
    """Mend with `python -m services.cli.sample` and commit what it writes."""
    whole().write(tmp_path)
    made, committed = (
        {path.relative_to(folder): _content(path) for path in folder.rglob("*") if path.suffix in (".xlsx", ".json")}
        for folder in (tmp_path, COMMITTED)
    )
    assert sorted(made) == sorted(committed)
    assert [path for path, content in made.items() if committed[path] != content] == []


def always(units: set[str]) -> At:
    """The same units on any day."""
    return lambda day: units


def test_the_reform_moves_what_it_says() -> None:
    """From its day on one department is called otherwise and has another below it, and one has gone into another."""
    province = small().province
    before, after = REFORMED - timedelta(1), REFORMED
    into, renamed, merged, moved = (department.unit for department in province.departments)
    assert [unit.code for unit in province.below(ROOT, before)] == [each.unit.code for each in province.departments]
    assert [unit.code for unit in province.below(ROOT, after)] == [into.code, renamed.code]
    assert province.below(ROOT, after)[1].name != renamed.name
    assert [unit.code for unit in province.below(renamed.code, after)][-1] == moved.code
    assert province.within(into.code, before) & province.within(merged.code, before) == set()
    assert province.within(merged.code, after) == {merged.code}
    assert province.within(into.code, after) >= province.within(merged.code, before)
    assert [post.path.rsplit("/", 1)[1] for post in small().reforms] == ["renamings", "moves", "mergers"]


def _content(path: Path) -> dict[str, bytes]:
    """What is in a file; of a workbook, what is in its parts, for compression differs between machines."""
    if path.suffix != ".xlsx":
        return {"": path.read_bytes()}
    with ZipFile(path) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def session(number: str, **cells: object) -> Row:
    """A row of 学习活动台账."""
    told = {"unit": "A", "day": date(2026, 3, 2), "way": "研学", "form": "研讨", "due": 10, "title": "研讨"}
    return Row("sessions", {"number": number, **told, **cells})  # type: ignore[dict-item]


def test_the_recount_takes_each_record_as_its_last_row_says() -> None:
    """A repeated row counts once, a correction replaces, a void takes back; those excused are not expected."""
    first, second, third = session("1", absent=2), session("2", duty=1, transferred=1), session("3")
    rows = [first, second, third, first, second.corrected("人数有误", due=12), third.voided("误报")]
    found = recount(rows, always({"A"}), FIRST, LAST)
    assert found["study.sessions.branch"] == 2
    assert (found["study.attendance.due"], found["study.attendance.present"]) == (21, 18)
    assert found["study.attendance_rate"] == round(18 / 21, 6)
    assert found["study.units_covered"] == 1


def test_the_recount_refuses_rows_that_contradict_each_other() -> None:
    """A generator that writes two records under one number is at fault, not the platform."""
    with pytest.raises(ValueError, match="twice"):
        standing([session("1"), session("1", due=11)])


def test_the_recount_knows_when_a_ticket_is_overdue() -> None:
    """Two working days for a consultation: overdue from the day after them, until it is answered."""
    asked = datetime.combine(date(2026, 3, 2), datetime.min.time())
    told: Cells = {"number": "1", "unit": DESK, "kind": "咨询", "received": asked}
    late = Row("tickets", {**told, "answered": asked.replace(day=9), "answer": "已答复"})
    overdue = [recount([late], always({DESK}), FIRST, date(2026, 3, day))["hotline.overdue"] for day in (4, 5, 8, 9)]
    assert overdue == [0, 1, 1, 0]


def _filled(cells: Cells) -> Cells:
    return {key: value for key, value in cells.items() if value is not None}
