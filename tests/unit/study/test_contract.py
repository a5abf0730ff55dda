"""What study takes from spreadsheets, and what it tells."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as some
from pydantic import BaseModel

from services.kernel.message.event import Payload, body_of
from services.kernel.sheets.sheet import RowError, parse, template
from services.study import contract as c
from services.study.domain import REPORTED

SESSION_ROW: dict[str, Any] = {
    "_row": 2,
    "unit": "D1-B1",
    "number": "XX-001",
    "day": "2026-03-05",
    "title": "三月主题党日",
    "way": "研学",
    "form": "主题党日",
    "due": 20.0,
}
ESSAY_ROW = {key: SESSION_ROW[key] for key in ("_row", "unit", "number", "day", "title")}
LECTURE_ROW = {**ESSAY_ROW, "mode": "分头讲", "speaker_post": "党组书记", "audience": 60.0}
ROWS = {"sessions": SESSION_ROW, "essays": ESSAY_ROW, "lectures": LECTURE_ROW}


def read(kind: str, **cells: Any) -> Any:
    """A row that is in order but for these cells."""
    row, errors = parse(c.SHEETS[kind], {**ROWS[kind], **cells})
    assert not errors
    return row


def refused(kind: str, **cells: Any) -> RowError:
    """What is wrong in such a row."""
    row, errors = parse(c.SHEETS[kind], {**ROWS[kind], **cells})
    assert row is None
    (error,) = errors
    assert any("\u4e00" <= character <= "\u9fff" for character in error.detail)
    return error


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_in_order_is_taken(kind: str) -> None:
    """Cells as the spreadsheet reader gives them become the row."""
    row = read(kind)
    assert (row.unit, row.number, row.day, row.action) == ("D1-B1", "XX-001", date(2026, 3, 5), "add")


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-05",
        " 2026-3-5 ",
        "2026年3月5日",
        "2026/3/5",
        "2026.03.05",
        date(2026, 3, 5),
        datetime(2026, 3, 5),  # noqa: DTZ001  # a spreadsheet's dates bear no zone
        "2026-03-05T00:00:00",
    ],
)
def test_a_day_is_written_in_many_ways(cell: Any) -> None:
    """Real dates and the usual spellings all mean the same day."""
    assert read("essays", day=cell).day == date(2026, 3, 5)


@pytest.mark.parametrize("cell", ["三月五日", "2026-02-30", 46086.0, "05/03/2026", True])
def test_what_is_no_day_is_refused(cell: Any) -> None:
    """Days that do not exist and numbers are refused at the column."""
    error = refused("essays", day=cell)
    assert (error.row, error.column, error.code) == (2, "day", "cell.invalid")
    assert "日期" in error.detail


@pytest.mark.parametrize("cell", [5, 5.0, "5", "5.0", " 5 "])
def test_a_count_is_written_in_many_ways(cell: Any) -> None:
    """Whole numbers however the cell holds them."""
    row = read("sessions", duty=cell)
    assert row.absences() == [c.Absence(reason=c.Reasons.duty, count=5)]


@pytest.mark.parametrize("cell", [5.5, "5.5", "五", -1, "-1", True, date(2026, 3, 5), 1e7, float("nan")])
def test_what_is_no_count_is_refused(cell: Any) -> None:
    """Parts of people, negative people and words are refused at the column."""
    for column in ("due", "absent", "present"):
        assert refused("sessions", **{column: cell}).column == column


@pytest.mark.parametrize("kind", ROWS)
def test_every_required_column_is_required(kind: str) -> None:
    """An empty cell in one is told as such."""
    for column in c.SHEETS[kind].columns:
        if column.required:
            error = refused(kind, **{column.key: ""})
            assert (error.column, error.code) == (column.key, "cell.missing")
            assert column.header in error.detail


@pytest.mark.parametrize("kind", ROWS)
def test_every_choice_is_a_choice(kind: str) -> None:
    """Each Chinese name in a list is taken; anything else is refused with the list."""
    for column in c.SHEETS[kind].columns:
        for choice in column.choices:
            read(kind, **{column.key: choice})
        if column.choices:
            error = refused(kind, **{column.key: "别的"})
            assert error.column == column.key
            assert column.choices[0] in error.detail


@pytest.mark.parametrize("kind", ROWS)
def test_titles_are_neither_empty_nor_long(kind: str) -> None:
    """One to 120 characters; line breaks inside a cell are one line of text."""
    assert refused(kind, title="长" * 121).column == "title"
    assert read(kind, title="长" * 120)
    assert read(kind, title="第一行\n第二行").title == "第一行 第二行"


def test_names_are_never_asked_for() -> None:
    """A speaker is a post, an absence a number: no column holds a person."""
    headers = [column.header for sheet in c.SHEETS.values() for column in sheet.columns]
    assert not [header for header in headers if "姓名" in header or "电话" in header or "身份证" in header]
    assert "讲授人职务" in headers


@pytest.mark.parametrize("kind", ROWS)
def test_a_digest_names_content(kind: str) -> None:
    """The same content written otherwise is the same row; another cell is another."""
    assert read(kind, day="2026年3月5日", number="XX-001").digest() == read(kind).digest()
    assert read(kind, title="另一个").digest() != read(kind).digest()
    assert read(kind, action="更正", reason="误").digest() != read(kind).digest()


@pytest.mark.parametrize("kind", ROWS)
def test_the_template_shows_its_own_columns(kind: str) -> None:
    """Every column has its header in the template, and an example that it would take itself."""
    sheet = c.SHEETS[kind]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(template(sheet)))
    assert book.get_sheet_by_name(sheet.title).to_python()[0] == [column.header for column in sheet.columns]
    examples = {column.key: column.example for column in sheet.columns if column.example}
    row, errors = parse(sheet, {"_row": 2, **examples})
    assert (row is not None, errors) == (True, [])


def test_sheets_have_a_column_for_each_field() -> None:
    """No field without a column, no column without a field."""
    for sheet in c.SHEETS.values():
        assert {column.key for column in sheet.columns} == set(sheet.row.model_fields)


CELL = some.one_of(
    some.text(max_size=50),
    some.floats(allow_infinity=False),
    some.booleans(),
    some.dates(),
    some.sampled_from(["研学", "主题党日", "分头讲", "更正", "2026-03-05", "D1\nB1", "\x0b", "\u2028", "\x7f"]),
)


@pytest.mark.parametrize(
    ("kind", "command"),
    [("sessions", c.HoldSession), ("essays", c.RecordEssay), ("lectures", c.RecordLecture)],
)
@given(data=some.data())
def test_a_row_that_is_taken_is_a_command(kind: str, command: type[BaseModel], data: some.DataObject) -> None:
    """Whatever the cells hold: a row that passes its sheet is content that the command takes, without exception."""
    keys = [column.key for column in c.SHEETS[kind].columns]
    cells = data.draw(some.dictionaries(some.sampled_from(keys), CELL, max_size=3))
    row, errors = parse(c.SHEETS[kind], {**ROWS[kind], **cells})
    assert (row is None) == bool(errors)
    if row is None:
        return
    content = row.model_dump(include=set(command.model_fields) - {"id", "row"})
    if isinstance(row, c.SessionRow):
        content["absences"] = row.absences()
    command.model_validate({**content, "id": "x"})


EVENTS = [
    event
    for event in vars(c).values()
    if isinstance(event, type) and issubclass(event, Payload) and hasattr(event, "type")
]


def test_every_kind_of_event_is_here() -> None:
    """Types are unique, named subject.past.v1, in the order of a life."""
    types = [event.type for event in EVENTS]
    assert len(set(types)) == len(types)
    kept = {"attendance", "coverage", "essay", "excuse", "lecture", "session"}
    owed = {"plan", "notice", "receipt", "reminder", "branch_plan", "norm"}
    assert {name.split(".")[0] for name in types} == kept | owed | {aggregate.name for aggregate in REPORTED}
    assert all(name.endswith(".v1") for name in types)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_shown_by_an_example_that_it_reads(event: type[Payload]) -> None:
    """Each has an example, complete in its fields' names, that comes back from the wire as it went."""
    assert event.examples
    for example in event.examples:
        payload = event.model_validate(example)
        again = event.model_validate({**body_of(payload), "unit": payload.unit, "day": payload.day.isoformat()})
        assert again == payload
        assert set(example) <= set(event.model_fields)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_tells_no_more_of_persons_than_numbers(event: type[Payload]) -> None:
    """No field is for a person's name."""
    assert not {"name", "speaker", "person", "phone"} & set(event.model_fields)


def test_consumers_may_meet_fields_they_do_not_know() -> None:
    """v1 gains optional fields: unknown ones are passed over."""
    example = c.SessionSubmitted.examples[0]
    assert c.SessionSubmitted.model_validate({**example, "later": 1}) == c.SessionSubmitted.model_validate(example)
