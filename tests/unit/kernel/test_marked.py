"""The marked sheet: every cell as it came, and what is wrong in it."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xlsxwriter
from pydantic import BaseModel
from python_calamine import CalamineWorkbook

from services.kernel.sheets.marked import with_errors
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import Column, RowError, Sheet
from services.kernel.sheets.workbooks import Cell, tabs
from tests.unit.kernel.workbooks.made import Book, Page, number, ods, ods_cell, ods_row, row, text, texts

SHEET = Sheet("things", "物品", (Column("name", "名称", required=True), Column("count", "数量")), BaseModel)
FORMATS = (
    "General",
    "0",
    "0.00%",
    "yyyy-mm-dd",
    'yyyy"年"m"月"d"日"',
    "hh:mm",
    "[h]:mm",
    "@",
    "00000",
    "#,##0.00",
    "0_ ",
)
WRONG = "“数量”不能为负数"


def filled(data: bytes) -> dict[str, dict[tuple[int, int], Cell]]:
    return {
        tab.title: {(r, c): cell for r, cells in tab.rows.items() for c, cell in cells.items()} for tab in tabs(data)
    }


@pytest.mark.parametrize("format", FORMATS)
def test_every_cell_keeps_its_value_and_its_format(format: str) -> None:
    """Dates, times, percentages, zeros in front: nothing is turned into anything else."""
    values = [number(f"B{2 + n}", each, style=1) for n, each in enumerate((46086.5, 0.25, -3, 1e15, 0.1))]
    rows = "".join(row(n, text(f"A{n}", f"第{n}行"), cell) for n, cell in enumerate(values, start=2))
    data = Book([Page("物品", texts(1, "名称", "数量") + rows)], formats=("General", format)).bytes()
    marked = filled(with_errors(SHEET, data, [RowError(3, "count", "cell.invalid", WRONG)]))["物品"]
    came = filled(data)["物品"]
    assert {place: cell for place, cell in marked.items() if place[1] < 3} == came
    assert {place: cell.value for place, cell in marked.items() if place[1] == 3 and cell.value} == {
        (1, 3): "错误",
        (3, 3): WRONG,
    }


def test_text_is_text_and_errors_stay_errors() -> None:
    """What looks like a formula, an error, a formula without a result, white space, a truth value."""
    cells = (text("A2", "=1+1"), '<c r="B2" t="e"><v>#N/A</v></c>')
    more = (text("A3", " 两 空 "), '<c r="B3" t="b"><v>1</v></c>')
    none = (text("A4", "a\nb"), '<c r="B4"><f>1+1</f></c>')
    data = Book(
        [Page("物品", texts(1, "名称", "数量") + row(2, *cells) + row(3, *more) + row(4, *none))], formats=("General",)
    ).bytes()
    marked = with_errors(SHEET, data, [])
    page = CalamineWorkbook.from_filelike(BytesIO(marked)).get_sheet_by_index(0).to_python()
    assert [line[:2] for line in page[1:]] == [["=1+1", "#N/A"], [" 两 空 ", True], ["a\nb", "=1+1"]]
    assert read(SHEET, marked).rows[0]["count"] == read(SHEET, data).rows[0]["count"]


def test_every_visible_tab_goes_back_and_bears_its_own_reasons() -> None:
    """The tabs that are read, and those that are passed over; what is hidden stays at home."""
    head = texts(1, "名称", "数量")
    pages = [
        Page("藏", head + texts(2, "x"), state="hidden"),
        Page("一月", head + texts(2, "笔")),
        Page("二月", head + texts(2, "纸")),
        Page("填写说明", texts(1, "列")),
    ]
    data = Book(pages).bytes()
    marked = filled(with_errors(SHEET, data, [RowError(2, "count", "x", WRONG, "二月")]))
    assert list(marked) == ["一月", "二月", "填写说明"]
    assert [marked[title].get((2, 3)) for title in ("一月", "二月")] == [None, Cell(WRONG)]
    assert marked["填写说明"] == filled(data)["填写说明"]


def test_marked_again_it_has_one_column_of_reasons() -> None:
    """A sheet that was mended wrongly goes back with its new reasons in the old place."""
    data = Book([Page("物品", texts(1, "名称", "数量") + texts(2, "笔"))]).bytes()
    once = with_errors(SHEET, data, [RowError(2, "count", "x", WRONG)])
    twice = with_errors(SHEET, once, [RowError(2, "name", "x", "“名称”过长")])
    assert {place: cell.value for place, cell in filled(twice)["物品"].items() if place[1] > 2} == {
        (1, 3): "错误",
        (2, 3): "“名称”过长",
    }


def test_a_cell_that_is_missing_is_coloured_where_it_should_be() -> None:
    """An empty cell can be wrong too."""
    data = Book([Page("物品", texts(1, "名称", "数量") + row(2, number("B2", 1)))]).bytes()
    marked = with_errors(SHEET, data, [RowError(2, "name", "cell.missing", "“名称”不能为空")])
    assert coloured(marked) == {"A2"}


def test_an_ods_goes_back_as_xlsx() -> None:
    """With dates, times and percentages in formats that say so."""
    cells = (
        ods_cell("3月5日", office_value_type="date", office_date_value="2026-03-05"),
        ods_cell("50%", office_value_type="percentage", office_value="0.5"),
    )
    data = ods(("物品:一", ods_row(ods_cell("名称"), ods_cell("数量")) + ods_row(*cells)))
    (marked,) = filled(with_errors(SHEET, data, [])).values()
    assert (marked[2, 1], marked[2, 2]) == (Cell(46086.0, "yyyy-mm-dd"), Cell(0.5, "0.00%"))


def coloured(data: bytes) -> set[str]:
    """The cells that have a fill of their own, as their XML says."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        styles = ET.fromstring(archive.read("xl/styles.xml"))
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells: Any = styles.find(f"{space}cellXfs")
    fills = {n for n, xf in enumerate(cells) if int(xf.get("fillId")) > 1}
    return {cell.get("r", "") for cell in sheet.iter(f"{space}c") if int(cell.get("s", "0")) in fills}


def test_a_very_long_reason_is_cut_to_what_a_cell_holds() -> None:
    """Nothing is left out of the file for it."""
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("物品").write_row(0, 0, ["名称", "数量"])
        book.worksheets()[0].write_row(1, 0, ["笔", "x"])
    errors = [RowError(2, "count", "x", "长" * 400) for _ in range(100)]
    assert len(str(filled(with_errors(SHEET, out.getvalue(), errors))["物品"][2, 3].value)) == 32_767
