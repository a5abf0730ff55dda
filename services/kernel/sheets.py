"""Spreadsheets: one description serves the template, the reading and the marked sheet that goes back."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import python_calamine
import xlsxwriter
from pydantic import BaseModel, ValidationError

from .errors import DomainError
from .free_text import echo

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 50_000
_PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}
"""What was typed stays text: nobody's cell becomes a formula or a link."""


@dataclass(frozen=True)
class Column:
    """A column: its key in the row model, its header, and what the template says of it."""

    key: str
    header: str
    note: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Sheet:
    """A kind of spreadsheet. `row` takes the cells by key.

    `units` are the keys of columns that name a unit which the sender must be allowed to act for; those of `named` name
    units that need only exist, one or several in a cell.
    """

    kind: str
    title: str
    columns: tuple[Column, ...]
    row: type[BaseModel]
    units: tuple[str, ...] = ("unit",)
    named: tuple[str, ...] = ()

    def header(self, key: str) -> str:
        """The Chinese header of a column, or the key itself where there is no such column."""
        return next((column.header for column in self.columns if column.key == key), key)


@dataclass(frozen=True)
class RowError:
    """What is wrong in one row: the spreadsheet's own row number, the column's key, a slug and the reason."""

    row: int
    column: str
    code: str
    detail: str


def read(sheet: Sheet, data: bytes) -> list[dict[str, Any]]:
    """The rows of an .xlsx, .xls or .ods file by column key, each with `_row`, its number in the sheet.

    Cells are as the file holds them (str, float, bool, date, datetime; "" where empty); empty rows are passed over,
    columns that are not described are ignored.

    Raises:
        DomainError: file.not_a_spreadsheet, file.columns_missing, file.empty, file.too_many_rows.
    """
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        name = sheet.title if sheet.title in workbook.sheet_names else workbook.sheet_names[0]
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError, OSError) as error:
        raise DomainError(
            "file.not_a_spreadsheet", "文件不是可以读取的电子表格（应为 .xlsx）", errors=[_file("不是电子表格")]
        ) from error
    if not rows:
        raise DomainError("file.empty", "表格中没有内容", errors=[_file("没有内容")])
    headers = [str(cell).strip() for cell in rows[0]]
    missing = [column.header for column in sheet.columns if column.required and column.header not in headers]
    if missing:
        detail = f"表头缺少：{'、'.join(missing)}"
        raise DomainError("file.columns_missing", detail, errors=[_file(detail)])
    places = {column.key: headers.index(column.header) for column in sheet.columns if column.header in headers}
    found = []
    for number, cells in enumerate(rows[1:], start=2):
        row = {key: _cell(cells[place]) if place < len(cells) else "" for key, place in places.items()}
        if any(value != "" for value in row.values()):
            found.append({**row, "_row": number})
    if not found:
        raise DomainError("file.empty", "表格中只有表头，没有数据行", errors=[_file("没有数据行")])
    if len(found) > MOST_ROWS:
        detail = f"一次最多 {MOST_ROWS} 行，此表有 {len(found)} 行，请分开报送"
        raise DomainError("file.too_many_rows", detail, "too_large", [_file(detail)])
    return found


def parse(sheet: Sheet, row: dict[str, Any]) -> tuple[BaseModel | None, list[RowError]]:
    """A row's cells as the row model, or what is wrong in them."""
    number = int(row["_row"])
    cells = {key: value for key, value in row.items() if key != "_row" and value != ""}
    errors = [
        RowError(number, column.key, "cell.missing", f"“{column.header}”不能为空")
        for column in sheet.columns
        if column.required and column.key not in cells
    ]
    if errors:
        return None, errors
    try:
        return sheet.row.model_validate(cells), []
    except ValidationError as invalid:
        return None, [_row_error(sheet, number, error) for error in invalid.errors(include_url=False)]


def _row_error(sheet: Sheet, number: int, error: Any) -> RowError:
    key = str(error["loc"][0]) if error["loc"] else ""
    column = next((column for column in sheet.columns if column.key == key), None)
    reason = str(error["msg"]).removeprefix("Value error, ")
    if not any("\u4e00" <= character <= "\u9fff" for character in reason):
        typed = error.get("input", "")
        reason = f"填写的内容不符合要求{echo(sheet.row, key, f'{typed:g}' if isinstance(typed, float) else str(typed))}"
    if column is not None and column.choices and error["type"] in ("enum", "literal_error"):
        reason = f"应为：{'、'.join(column.choices)}"
    header = f"“{column.header}”" if column is not None else ""
    code = error.get("ctx", {}).get("code", "cell.invalid") if isinstance(error.get("ctx"), dict) else "cell.invalid"
    return RowError(number, key, str(code), f"{header}{reason}")


def template(sheet: Sheet) -> bytes:
    """An empty workbook to fill in: the headers with their notes and choices, and a sheet that explains them."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#F3E3E1", "border": 1, "text_wrap": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        page, notes = book.add_worksheet(sheet.title), book.add_worksheet("填写说明")
        page.freeze_panes(1, 0)
        notes.write_row(0, 0, ["列", "是否必填", "说明", "示例"], bold)
        notes.set_column(0, 3, 28, wrap)
        for place, column in enumerate(sheet.columns):
            page.write(0, place, column.header, bold)
            page.set_column(place, place, max(12, 2 * len(column.header) + 4))
            if column.choices:
                page.data_validation(1, place, 5000, place, {"validate": "list", "source": list(column.choices)})
            told = column.note or ("可选：" + "、".join(column.choices) if column.choices else "")
            notes.write_row(place + 1, 0, [column.header, "必填" if column.required else "选填", told, column.example])
    return out.getvalue()


def filled(sheet: Sheet, rows: Iterable[dict[str, Any]]) -> bytes:
    """A workbook of records, in the columns in which they can be sent in again: rows by column key."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _PLAIN) as book:
        bold = book.add_format({"bold": True, "bg_color": "#F3E3E1", "border": 1, "text_wrap": True})
        page = book.add_worksheet(sheet.title)
        page.freeze_panes(1, 0)
        for place, column in enumerate(sheet.columns):
            page.write(0, place, column.header, bold)
            page.set_column(place, place, max(12, 2 * len(column.header) + 4))
        for number, row in enumerate(rows, start=1):
            for place, column in enumerate(sheet.columns):
                page.write(number, place, row.get(column.key, ""))
    return out.getvalue()


def with_errors(sheet: Sheet, data: bytes, errors: Iterable[RowError]) -> bytes:
    """The sheet as it came, with the wrong cells coloured and a last column that says why."""
    by_row: dict[int, list[RowError]] = defaultdict(list)
    for error in errors:
        by_row[error.row].append(error)
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    name = sheet.title if sheet.title in workbook.sheet_names else workbook.sheet_names[0]
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    keys = {column.header: column.key for column in sheet.columns}
    columns = [keys.get(str(cell).strip(), "") for cell in rows[0]]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _PLAIN) as book:
        wrong = book.add_format({"bg_color": "#FADBD8"})
        page = book.add_worksheet(name)
        page.freeze_panes(1, 0)
        page.set_column(0, len(columns), 16)
        page.set_column(len(columns), len(columns), 60)
        for number, cells in enumerate(rows, start=1):
            marked = {error.column for error in by_row[number]}
            for place, cell in enumerate(cells):
                page.write(number - 1, place, cell, *([wrong] if columns[place] in marked else []))
            reasons = "；".join(error.detail for error in by_row[number])
            page.write(number - 1, len(columns), "错误" if number == 1 else reasons)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _file(detail: str) -> Any:
    return {"pointer": "/file", "detail": detail}
