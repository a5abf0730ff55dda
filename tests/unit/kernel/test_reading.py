"""What is read of a sheet from outside, and what is refused: no filled cell is taken for an empty one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Count, Text
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import Column, Sheet, parse
from services.kernel.sheets.typed import Styled, Unreadable
from tests.unit.kernel.workbooks.made import Book, Page, number, ods, ods_cell, ods_row, row, text, texts


class Row(BaseModel):
    """A session's row."""

    name: Text
    absent: Count = 0
    day: Day | None = None


SHEET = Sheet(
    "sessions",
    "台账",
    (Column("name", "名称", required=True), Column("absent", "缺席"), Column("day", "日期")),
    Row,
)
HEAD = texts(1, "名称", "缺席", "日期")
FORMATS = ("General", "0%", "yyyy-mm-dd", "00000", '0"人"', "[h]:mm")


def book(*rows: str, title: str = "台账", **more: Any) -> bytes:
    return Book([Page(title, "".join(rows), **more)], formats=FORMATS).bytes()


def refused(data: bytes, code: str, *said: str) -> None:
    """The whole file is refused, with every one of these said."""
    with pytest.raises(DomainError) as refusal:
        read(SHEET, data, ["考勤表"])
    assert refusal.value.code == code
    assert {error["pointer"] for error in refusal.value.errors} == {"/file"}
    details = "\n".join(error["detail"] for error in refusal.value.errors)
    for each in said:
        assert each in details, details


def only(data: bytes) -> dict[str, Any]:
    (found,) = read(SHEET, data).rows
    return found


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="B2" t="e"><v>#N/A</v></c>', "cell.error_value"),
        ('<c r="B2" t="e"><f>A1/0</f><v>#DIV/0!</v></c>', "cell.error_value"),
        (text("B2", "#REF!"), "cell.error_value"),
        ('<c r="B2"><f>1+1</f></c>', "cell.formula_not_computed"),
        ('<c r="B2"><f>1+1</f><v></v></c>', "cell.formula_not_computed"),
        ('<c r="B2"><f t="shared" si="0"/></c>', "cell.formula_not_computed"),
        (number("B2", 20260706000000012345), "cell.number_too_long"),
        (number("B2", -5, style=2), "cell.not_a_date"),
        (number("B2", 20260706000000012345, style=5), "cell.not_a_date"),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused_by_its_name(cell: str, code: str) -> None:
    """An error, a formula without a result, a number that lost its end: never the default of an optional column."""
    found = only(book(HEAD, row(2, text("A2", "会"), cell)))
    assert isinstance(found["absent"], Unreadable)
    model, errors = parse(SHEET, found)
    assert model is None
    assert [(error.row, error.column, error.code) for error in errors] == [(2, "absent", code)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ({"calcext_value_type": "error", "office_value_type": "string", "told": "#N/A"}, "cell.error_value"),
        ({"told": "#REF!"}, "cell.error_value"),
        ({"told": "Err:502"}, "cell.error_value"),
        ({"table_formula": "of:=1+1"}, "cell.formula_not_computed"),
        ({"office_value_type": "float", "office_value": "20260706000000012345"}, "cell.number_too_long"),
    ],
)
def test_so_it_is_in_ods(cell: dict[str, str], code: str) -> None:
    """OpenDocument says the same things in other words."""
    head = ods_row(*(ods_cell(header) for header in ("名称", "缺席")))
    found = only(ods(("台账", head + ods_row(ods_cell("会"), ods_cell(**cell)))))
    assert [error.code for error in parse(SHEET, found)[1]] == [code]


def test_a_formula_with_its_result_is_its_result() -> None:
    """Also where the result is no text at all."""
    found = only(book(HEAD, row(2, text("A2", "会"), '<c r="B2"><f>1+1</f><v>2</v></c>')))
    assert found["absent"] == 2
    found = only(book(HEAD, row(2, text("A2", "会"), '<c r="B2" t="str"><f>""</f><v></v></c>')))
    assert found["absent"] == ""


@pytest.mark.parametrize(
    ("area", "wrong"),
    [
        ("B2:B3", {(2, "absent"), (3, "absent")}),
        ("A3:C3", {(3, "name"), (3, "absent"), (3, "day")}),
        ("B2:C2", {(2, "absent"), (2, "day")}),
        ("B3:B1048576", {(3, "absent")}),
    ],
)
def test_a_merged_area_over_cells_is_refused(area: str, wrong: set[tuple[int, str]]) -> None:
    """Only its first cell has a value; the others show it and have none."""
    rows = (row(n, text(f"A{n}", "会"), number(f"B{n}", 1)) for n in (2, 3))
    found = read(SHEET, book(HEAD, *rows, merged=[area])).rows
    errors = [error for each in found for error in parse(SHEET, each)[1]]
    assert {(error.row, error.column) for error in errors} == wrong
    assert {error.code for error in errors} == {"cell.merged"}


def test_an_empty_merged_area_hides_nothing() -> None:
    """As one does that lies below the rows."""
    data = book(HEAD, row(2, text("A2", "会"), number("B2", 1)), merged=["A9:C9", "C2:D2"])
    assert parse(SHEET, only(data))[1] == []


@pytest.mark.parametrize(
    "header", ["缺席", " 缺 席 ", "缺\n席", "*缺席", "缺席＊", "缺\u200b席", "\ufeff缺席", "缺\u3000席"]
)
def test_a_header_may_be_written_with_other_white_space_and_marks(header: str) -> None:
    """Line breaks, spaces, stars of what is required, and what nobody sees make no other header."""
    found = only(book(texts(1, "名称", header), row(2, text("A2", "会"), number("B2", 3))))
    assert found["absent"] == 3


def test_a_column_that_is_not_described_is_refused_by_name() -> None:
    """With the one that may have been meant; all that is wrong is said at once."""
    head = texts(1, "名称", "缺席人数", "缺席", "缺 席", "电话")
    refused(
        book(head, row(2, text("A2", "会"))),
        "file.columns_wrong",
        "B 列“缺席人数”不是本表的列，是否应为“缺席”",
        "D 列“缺 席”与前面的列重复",
        "E 列“电话”",
    )


def test_columns_of_notes_are_passed_over_and_named() -> None:
    """Those that the sheet allows, and the one that a marked sheet has."""
    found = read(SHEET, book(texts(1, "序号", "名称", "备注", "错误"), texts(2, "1", "会", "x", "“缺席”不对")))
    assert found.rows == [{"name": "会", "_row": 2}]
    assert found.passed_over == ["“序号”列", "“备注”列", "“错误”列"]


def test_what_is_filled_under_no_header_is_refused() -> None:
    """By the column's name; white space is nothing."""
    refused(book(HEAD, row(2, text("A2", "会"), text("H2", "x"))), "file.columns_wrong", "H 列没有表头")
    assert only(book(HEAD, row(2, text("A2", "会"), text("H2", " "))))["name"] == "会"


def test_a_header_over_two_columns_is_refused() -> None:
    """The second column has none."""
    data = book(texts(1, "名称", "缺席"), row(2, text("A2", "会")), merged=["B1:C1"])
    refused(data, "file.columns_wrong", "B 列的表头是合并的单元格")


def page(title: str, *rows: str, **more: Any) -> Page:
    return Page(title, "".join((HEAD, *rows)), **more)


def test_all_visible_tabs_with_the_headers_are_read() -> None:
    """Whatever they are called; each row bears its tab, and a number is unique within that."""
    data = Book([page("一月", texts(2, "甲")), page("台账", texts(2, "乙"), texts(3, "丙"))]).bytes()
    assert [(each["name"], each["_row"], each["_tab"]) for each in read(SHEET, data).rows] == [
        ("甲", 2, "一月"),
        ("乙", 2, "台账"),
        ("丙", 3, "台账"),
    ]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_tab_is_never_read(state: str) -> None:
    """Though it comes first and bears the sheet's title."""
    data = Book([page("台账", texts(2, "甲"), state=state), page("二月", texts(2, "乙"))]).bytes()
    assert read(SHEET, data).rows == [{"name": "乙", "absent": "", "day": "", "_row": 2}]
    refused(Book([page("台账", texts(2, "甲"), state=state)]).bytes(), "file.empty", "隐藏")


def test_hidden_tables_of_ods_are_not_read() -> None:
    """There a style hides them."""
    tables = [(title, ods_row(ods_cell("名称")) + ods_row(ods_cell(title))) for title in ("台账", "二月")]
    assert [each["name"] for each in read(SHEET, ods(*tables, hidden=["台账"])).rows] == ["二月"]


def test_a_tab_that_is_no_sheet_of_ours_is_not_left_out_in_silence() -> None:
    """Sheets of other kinds and the template's explanations are passed over and named; others refuse the workbook."""
    ours, empty = page("台账", texts(2, "甲")), Page("Sheet2", "")
    other, told = Page("考勤表", texts(1, "名称")), Page("填写说明", texts(1, "列", "说明"))
    found = read(SHEET, Book([ours, empty, other, told]).bytes(), ["考勤表"])
    assert (len(found.rows), found.passed_over) == (1, ["工作表“考勤表”", "工作表“填写说明”"])
    cover = Page("封面", texts(1, "二〇二六年"))
    refused(Book([ours, cover]).bytes(), "file.columns_missing", "“封面”", "删除或隐藏")
    misspelt = Page("二月", texts(1, "名", "缺席", "日期") + texts(2, "乙"))
    refused(Book([ours, misspelt]).bytes(), "file.columns_missing", "“二月”第 1 行的表头缺少：名称")


def test_values_keep_their_types() -> None:
    """Dates are dates, percentages and zeros in front are seen, what is merely grouped is a number."""
    cells = (text("A2", " 会 "), number("B2", 1, style=1), number("C2", 46086, style=2))
    found = only(book(HEAD, row(2, *cells)))
    assert (found["name"], found["day"]) == ("会", date(2026, 3, 5))
    assert isinstance(found["absent"], Styled)
    assert "百分比" in parse(SHEET, found)[1][0].detail
    assert isinstance(only(book(HEAD, row(2, number("A2", 123, style=3))))["name"], Styled)
    grouped = only(book(HEAD, row(2, text("A2", "会"), number("B2", 5, style=4))))
    assert parse(SHEET, grouped) == (Row(name="会", absent=5), [])


def test_the_year_may_begin_in_1904() -> None:
    """As in workbooks that came from a Mac."""
    rows = HEAD + row(2, text("A2", "会"), number("C2", 46086 - 1462, style=2))
    assert only(Book([Page("台账", rows)], formats=FORMATS, since_1904=True).bytes())["day"] == date(2026, 3, 5)


def test_more_rows_than_a_sheet_may_have() -> None:
    """Of all tabs together."""
    rows = "".join(texts(n, "会") for n in range(2, 30_002))
    data = Book([page("一", rows), page("二", rows)]).bytes()
    with pytest.raises(DomainError) as refusal:
        read(SHEET, data)
    assert (refusal.value.code, refusal.value.kind) == ("file.too_many_rows", "too_large")


def test_what_a_tab_is_called_is_told_without_numbers_that_belong_to_somebody() -> None:
    """Rows are named by their tab, so its name is stored; columns are named in refusals."""
    titles = ("王某13812345678", "台账")
    refused(Book([page(title, texts(2, "甲")) for title in titles]).bytes(), "file.tab_title", "请改名")
    told = Book([page("台账", texts(2, "甲")), Page(titles[0], texts(1, "名称"))]).bytes()
    assert "138" not in "".join(read(SHEET, told, titles[:1]).passed_over)
    with pytest.raises(DomainError) as refusal:
        read(SHEET, book(texts(1, "名称", "13812345678"), texts(2, "甲")))
    assert "13812345678" not in refusal.value.detail
