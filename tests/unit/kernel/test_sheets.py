"""Spreadsheets: the description, the template, the rows as models, and what is told of a wrong one."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Annotated, Any, Literal

import pytest
import xlsxwriter
from pydantic import BaseModel, Field
from python_calamine import CalamineWorkbook

from services.hotline.contract import SHEETS as HOTLINE
from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Count, Month, Text, choice
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import Column, RowError, Sheet, is_text, parse, template
from services.kernel.sheets.typed import Styled, Unreadable, from_wire, to_wire
from services.kernel.sheets.workbooks import tabs
from services.organisation.contract import SHEETS as GATEWAY
from services.research.contract import SHEETS as RESEARCH
from services.study.contract import SHEETS as STUDY


class Row(BaseModel):
    """A row: name, kind, count."""

    name: Text
    kind: Annotated[Literal["a", "b"], choice({"甲（大）": "a", "乙": "b"})] = "a"
    count: Count
    day: Day | None = None


SHEET = Sheet(
    "things",
    "物品",
    (
        Column("name", "名称", required=True),
        Column("kind", "类别", choices=("甲（大）", "乙")),
        Column("count", "数量", required=True, note="整数", example="3"),
        Column("day", "日期"),
    ),
    Row,
)


def book(*rows: list[Any], title: str = "物品") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet(title)
        for number, cells in enumerate(rows):
            page.write_row(number, 0, cells)
    return out.getvalue()


def test_a_template_filled_in_is_a_sheet() -> None:
    """What the template asks for is what the reading wants; untouched it has no rows."""
    with pytest.raises(DomainError) as refused:
        read(SHEET, template(SHEET))
    assert refused.value.code == "file.empty"


def test_columns_of_text_are_formatted_as_text() -> None:
    """What is typed into them becomes no date and loses no zeros; numbers and dates stay what they are."""
    assert [is_text(SHEET, column.key) for column in SHEET.columns] == [True, True, False, False]
    sheet = Sheet("sessions", "学习活动台账", STUDY["sessions"].columns, STUDY["sessions"].row)
    assert [column.key for column in sheet.columns if not is_text(sheet, column.key)] == [
        *("day", "due", "duty", "illness", "personal", "absent", "transferred", "exempt", "present")
    ]
    assert is_text(STUDY["receipts"], "number")
    assert is_text(HOTLINE["tickets"], "confidential")


@pytest.mark.parametrize(
    "sheet", [*STUDY.values(), *RESEARCH.values(), *HOTLINE.values(), *GATEWAY.values()], ids=lambda sheet: sheet.kind
)
def test_every_template_can_be_read_by_other_readers(sheet: Sheet) -> None:
    """Its headers are found by another reader, and no two of them are one once they are compared."""
    page = CalamineWorkbook.from_filelike(io.BytesIO(template(sheet))).get_sheet_by_index(0).to_python()
    assert page == [[column.header for column in sheet.columns]]
    assert [tab.title for tab in tabs(template(sheet))] == [sheet.title, "填写说明"]
    with pytest.raises(DomainError) as refused:
        read(sheet, template(sheet))
    assert refused.value.code == "file.empty"


def test_a_row_is_its_model_or_what_is_wrong_with_it() -> None:
    """Errors name the row, the column and the reason, and the tab where there are several."""
    row, errors = parse(SHEET, {"_row": 2, "name": "笔", "kind": "乙", "count": 3.0})
    assert (row, errors) == (Row(name="笔", kind="乙", count=3), [])
    row, errors = parse(SHEET, {"_row": 7, "_tab": "二月", "name": "笔", "kind": "丙", "count": 2.5})
    assert row is None
    assert [(error.row, error.column, error.code, error.pointer) for error in errors] == [
        (7, "kind", "cell.invalid", "/tabs/二月/rows/7/kind"),
        (7, "count", "cell.invalid", "/tabs/二月/rows/7/count"),
    ]
    assert "甲（大）、乙" in errors[0].detail
    _, errors = parse(SHEET, {"_row": 8, "name": "", "count": 1})
    assert [(error.column, error.code, error.pointer) for error in errors] == [("name", "cell.missing", "/rows/8/name")]


def test_a_cell_that_cannot_be_read_is_wrong_in_an_optional_column_too() -> None:
    """It is refused with its own code beside what else is wrong, after a journey over the wire as before it."""
    broken = Unreadable("cell.error_value", "是错误值 #N/A")
    for cell in (broken, to_wire(broken)):
        row, errors = parse(SHEET, {"_row": 2, "name": "", "kind": cell, "count": 1})
        assert row is None
        assert [(error.column, error.code) for error in errors] == [
            ("name", "cell.missing"),
            ("kind", "cell.error_value"),
        ]
        assert errors[1].detail == "“类别”是错误值 #N/A"


def test_a_choice_is_taken_in_every_spelling_that_looks_the_same() -> None:
    """Full-width parentheses in the list or in the cell, and what nobody sees, make no other choice."""
    for typed in ("甲（大）", "甲(大)", "甲（大）\u200b", " 甲 (大)".replace(" ", "")):
        row, errors = parse(SHEET, {"_row": 2, "name": "笔", "kind": typed, "count": 1})
        assert isinstance(row, Row), errors
        assert row.kind == "a"


class Few(BaseModel):
    """A row whose count is one at least."""

    count: Annotated[int, Field(ge=1)]


def test_a_number_is_told_as_it_was_typed() -> None:
    """A workbook has no whole numbers: 0 comes as 0.0, and nobody typed that."""
    sheet = Sheet("few", "物品", (Column("count", "数量", required=True),), Few)
    (row,) = read(sheet, book(["数量"], [0])).rows
    _, (wrong,) = parse(sheet, row)
    assert wrong.detail == "“数量”填写的内容不符合要求：0"


class Typed(BaseModel):
    """A row with a cell of each type."""

    text: Text | None = None
    count: Count | None = None
    month: Month | None = None


TYPED = Sheet("typed", "类型", tuple(Column(key, key) for key in ("text", "count", "month")), Typed)


@pytest.mark.parametrize(
    ("key", "cell", "said"),
    [
        ("text", date(2026, 3, 5), "变成了日期"),
        ("text", datetime(2026, 3, 5, 9), "变成了日期"),  # noqa: DTZ001  # a cell has no zone
        ("text", Styled(123.0, "00000"), "带有格式"),
        ("text", True, "应为文字"),
        ("count", Styled(1.0, "0%"), "百分比"),
        ("count", Styled(5000.0, "0,"), "百分比等"),
        ("count", date(2026, 3, 5), "应为整数"),
        ("count", 1.5, "应为整数"),
        ("month", date(2026, 3, 5), "不是某一天"),
        ("month", 202603.0, "应为月份"),
        ("month", "2026-13", "应为月份"),
    ],
)
def test_what_a_column_does_not_take_is_refused_with_how_to_mend_it(key: str, cell: Any, said: str) -> None:
    """A date in a column of text, a percentage in one of counts, a day for a month."""
    _, errors = parse(TYPED, {"_row": 2, key: to_wire(cell)})
    assert [error.column for error in errors] == [key]
    assert said in errors[0].detail


@pytest.mark.parametrize(
    ("key", "cell", "found"),
    [
        ("text", 2026001.0, "2026001"),
        ("count", Styled(5.0, "#,##0"), 5),
        ("count", "２０", 20),
        ("month", date(2026, 3, 1), "2026-03"),
        ("month", "2026-03", "2026-03"),
        ("month", "２０２６年３月", "2026-03"),
        ("month", "2026/3", "2026-03"),
    ],
)
def test_what_a_column_takes(key: str, cell: Any, found: Any) -> None:
    """A number typed as text, a count with separators, a month as people write it and as spreadsheets keep it."""
    row, errors = parse(TYPED, {"_row": 2, key: to_wire(cell)})
    assert errors == []
    assert getattr(row, key) == found


def test_values_come_back_over_the_wire_as_they_were() -> None:
    """Dates, times, spans, formatted numbers and unreadable cells keep their types; plain ones are plain."""
    given: list[Any] = [
        *("文字", 5.0, True, "", date(2026, 3, 5), datetime(2026, 3, 5, 9, 30, 0, 500000)),  # noqa: DTZ001
        *(Unreadable("a", "b"), Styled(1.0, "0%")),
    ]
    for value in given:
        back = from_wire(to_wire(value))
        assert (type(back), back) == (type(value), value)
    assert from_wire(to_wire(Styled(1.0, "0%"))).format == "0%"


def test_a_pointer_escapes_what_has_a_meaning_in_pointers() -> None:
    """A tab may be called anything (RFC 6901)."""
    assert RowError(3, "day", "x", "y", "一/二~三").pointer == "/tabs/一~1二~0三/rows/3/day"
