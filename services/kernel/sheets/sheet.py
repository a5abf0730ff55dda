"""Spreadsheets: one description serves the template, the reading and the marked sheet that goes back."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from types import UnionType
from typing import Any, Union, get_args, get_origin

import xlsxwriter
from pydantic import BaseModel, ValidationError

from ..message.free_text import echo
from .typed import Unreadable, from_wire

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 50_000
PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}
"""What was typed stays text: nobody's cell becomes a formula or a link."""
WRONG = "错误"
"""The column of a marked sheet that says what is wrong; sent in again it is passed over."""
EXPLANATION = "填写说明"
"""The tab of a template that explains its columns."""


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
    units that need only exist, one or several in a cell. `notes` are headers of columns that a sender may keep for
    themselves: they are passed over, and the answer names them; every other column that is not described is refused.
    """

    kind: str
    title: str
    columns: tuple[Column, ...]
    row: type[BaseModel]
    units: tuple[str, ...] = ("unit",)
    named: tuple[str, ...] = ()
    notes: tuple[str, ...] = ("序号", "备注")

    def header(self, key: str) -> str:
        """The Chinese header of a column, or the key itself where there is no such column."""
        return next((column.header for column in self.columns if column.key == key), key)


@dataclass(frozen=True)
class RowError:
    """What is wrong in one row: the spreadsheet's own row number, the column's key, a slug and the reason.

    `tab` is the title of the row's tab where several were read, else empty.
    """

    row: int
    column: str
    code: str
    detail: str
    tab: str = ""

    @property
    def pointer(self) -> str:
        """Where it is, as a JSON pointer (RFC 6901) into the workbook."""
        tab = f"/tabs/{self.tab.replace('~', '~0').replace('/', '~1')}" if self.tab else ""
        return f"{tab}/rows/{self.row}/{self.column}"


def parse(sheet: Sheet, row: dict[str, Any]) -> tuple[BaseModel | None, list[RowError]]:
    """A row's cells as the row model, or what is wrong in them. A cell that cannot be read is wrong in any column."""
    number, tab = int(row["_row"]), str(row.get("_tab", ""))
    cells = {key: from_wire(value) for key, value in row.items() if not key.startswith("_") and value != ""}
    errors = [
        RowError(number, column.key, "cell.missing", f"“{column.header}”不能为空", tab)
        for column in sheet.columns
        if column.required and column.key not in cells
    ]
    errors += [
        RowError(number, key, value.code, f"“{sheet.header(key)}”{value.detail}", tab)
        for key, value in cells.items()
        if isinstance(value, Unreadable)
    ]
    if errors:
        return None, errors
    try:
        return sheet.row.model_validate(cells), []
    except ValidationError as invalid:
        return None, [_row_error(sheet, number, tab, error) for error in invalid.errors(include_url=False)]


def _row_error(sheet: Sheet, number: int, tab: str, error: Any) -> RowError:
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
    return RowError(number, key, str(code), f"{header}{reason}", tab)


def template(sheet: Sheet) -> bytes:
    """An empty workbook to fill in: the headers with their notes and choices, and a sheet that explains them.

    Columns of text are formatted as text, so that nothing that is typed becomes a date or loses its zeros.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#F3E3E1", "border": 1, "text_wrap": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        page, notes = book.add_worksheet(sheet.title), book.add_worksheet(EXPLANATION)
        _head(book, page, sheet, bold)
        notes.write_row(0, 0, ["列", "是否必填", "说明", "示例"], bold)
        notes.set_column(0, 3, 28, wrap)
        for place, column in enumerate(sheet.columns):
            if column.choices:
                page.data_validation(1, place, 5000, place, {"validate": "list", "source": list(column.choices)})
            told = column.note or ("可选：" + "、".join(column.choices) if column.choices else "")
            notes.write_row(place + 1, 0, [column.header, "必填" if column.required else "选填", told, column.example])
    return out.getvalue()


def filled(sheet: Sheet, rows: Iterable[dict[str, Any]]) -> bytes:
    """A workbook of records, in the columns in which they can be sent in again: rows by column key."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, PLAIN) as book:
        bold = book.add_format({"bold": True, "bg_color": "#F3E3E1", "border": 1, "text_wrap": True})
        page = book.add_worksheet(sheet.title)
        _head(book, page, sheet, bold)
        for number, row in enumerate(rows, start=1):
            for place, column in enumerate(sheet.columns):
                page.write(number, place, row.get(column.key, ""))
    return out.getvalue()


def _head(book: Any, page: Any, sheet: Sheet, bold: Any) -> None:
    """The headers, fixed at the top; a column of text has the format of text."""
    text = book.add_format({"num_format": "@"})
    page.freeze_panes(1, 0)
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, max(12, 2 * len(column.header) + 4), text if is_text(sheet, column.key) else None)
        page.write(0, place, column.header, bold)


def is_text(sheet: Sheet, key: str) -> bool:
    """Whether a column holds text: neither numbers nor dates."""
    field = sheet.row.model_fields.get(key)
    return field is None or not any(issubclass(kind, int | float | date) for kind in _kinds(field.annotation))


def _kinds(annotation: Any) -> Iterable[type]:
    """The types that a field may be of; a truth value is written as a word."""
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _kinds(part)
    elif hasattr(annotation, "__metadata__"):
        yield from _kinds(annotation.__origin__)
    elif isinstance(annotation, type) and annotation is not bool and annotation is not type(None):
        yield annotation
