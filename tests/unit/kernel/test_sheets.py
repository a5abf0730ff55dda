"""Spreadsheets: the template, the reading, and the marked sheet that goes back."""

from __future__ import annotations

import io
from typing import Annotated, Any, Literal

import pytest
import xlsxwriter
from pydantic import BaseModel, Field

from services.kernel.cells import Count, Text, choice
from services.kernel.errors import DomainError
from services.kernel.sheets import Column, RowError, Sheet, parse, read, template, with_errors


class Row(BaseModel):
    """A row: name, kind, count."""

    name: Text
    kind: Annotated[Literal["a", "b"], choice({"甲": "a", "乙": "b"})] = "a"
    count: Count


SHEET = Sheet(
    "things",
    "物品",
    (
        Column("name", "名称", required=True),
        Column("kind", "类别", choices=("甲", "乙")),
        Column("count", "数量", required=True, note="整数", example="3"),
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


def test_rows_are_read_by_header_whatever_their_order() -> None:
    """Columns may stand anywhere, unknown ones are passed over, empty rows too; each row knows its own number."""
    data = book(["数量", "备注", "名称"], [3, "x", "笔"], ["", "", ""], [4, "", " 纸 "])
    assert read(SHEET, data) == [
        {"name": "笔", "count": 3.0, "_row": 2},
        {"name": "纸", "count": 4.0, "_row": 4},
    ]


def test_a_template_filled_in_is_a_sheet() -> None:
    """What the template asks for is what the reading wants; untouched it has no rows."""
    with pytest.raises(DomainError) as refused:
        read(SHEET, template(SHEET))
    assert refused.value.code == "file.empty"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.not_a_spreadsheet"),
        (b"%PDF-1.7 not a sheet", "file.not_a_spreadsheet"),
        (b"PK\x03\x04 half a zip", "file.not_a_spreadsheet"),
        (book(["名称"], ["笔"]), "file.columns_missing"),
        (book(["名称", "数量"]), "file.empty"),
        (book([]), "file.empty"),
    ],
    ids=["nothing", "pdf", "half", "columns", "headers", "empty"],
)
def test_what_is_no_such_sheet_is_refused_whole(data: bytes, code: str) -> None:
    """One reason for the whole file, in Chinese, that names what is missing."""
    with pytest.raises(DomainError) as refused:
        read(SHEET, data)
    assert refused.value.code == code
    assert refused.value.errors[0]["pointer"] == "/file"


def test_a_row_is_its_model_or_what_is_wrong_with_it() -> None:
    """Errors name the row, the column and the reason."""
    row, errors = parse(SHEET, {"_row": 2, "name": "笔", "kind": "乙", "count": 3.0})
    assert (row, errors) == (Row(name="笔", kind="乙", count=3), [])
    row, errors = parse(SHEET, {"_row": 7, "name": "笔", "kind": "丙", "count": 2.5})
    assert row is None
    assert [(error.row, error.column, error.code) for error in errors] == [
        (7, "kind", "cell.invalid"),
        (7, "count", "cell.invalid"),
    ]
    assert "甲、乙" in errors[0].detail
    _, errors = parse(SHEET, {"_row": 8, "name": "", "count": 1})
    assert [(error.column, error.code) for error in errors] == [("name", "cell.missing")]


def test_the_marked_sheet_is_the_sheet_with_its_reasons() -> None:
    """It goes back as it came, formulas as text, with a last column that says what is wrong in each row."""
    data = book(["名称", "数量"], ["笔", -1], ["=1+1", 2])
    marked = with_errors(SHEET, data, [RowError(2, "count", "cell.invalid", "“数量”不能为负数")])
    wider = Sheet(SHEET.kind, SHEET.title, (*SHEET.columns, Column("wrong", "错误")), Row)
    first, second = read(wider, marked)
    assert first["wrong"] == "“数量”不能为负数"
    assert (first["name"], first["count"]) == ("笔", -1.0)
    assert second["wrong"] == ""


class Few(BaseModel):
    """A row whose count is one at least."""

    count: Annotated[int, Field(ge=1)]


def test_a_number_is_told_as_it_was_typed() -> None:
    """A workbook has no whole numbers: 0 comes as 0.0, and nobody typed that."""
    sheet = Sheet("few", "物品", (Column("count", "数量", required=True),), Few)
    (row,) = read(sheet, book(["数量"], [0]))
    _, (wrong,) = parse(sheet, row)
    assert wrong.detail == "“数量”填写的内容不符合要求：0"
