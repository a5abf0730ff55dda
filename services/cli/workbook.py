"""Rows as spreadsheet files: the columns are the platform's own, the bytes the same for the same rows."""

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Literal

import xlsxwriter

from services.kernel.sheets.sheet import Sheet
from services.registry import SERVICES

SHEETS: dict[str, Sheet] = {kind: sheet for each in SERVICES for kind, sheet in each.contract.SHEETS.items()}
Cell = str | int | date | datetime | None
Cells = dict[str, Cell]

MADE = datetime(2026, 11, 1, tzinfo=UTC)
"""A creation date of its own would make every file a new one."""

Dates = Literal["cell", "iso", "chinese"]
"""How a sender writes days: as a date, as 2026-03-05, as 2026年3月5日."""


def workbook(sheets: Mapping[str, Iterable[Cells]], dates: Dates = "cell") -> bytes:
    """A workbook with a sheet for each kind, in the order given."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": "样例数据", "author": "示例省（样例）", "created": MADE})
        bold = book.add_format({"bold": True, "bg_color": "#F3E3E1", "border": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for kind, rows in sheets.items():
            sheet = SHEETS[kind]
            page = book.add_worksheet(sheet.title)
            page.freeze_panes(1, 0)
            for place, column in enumerate(sheet.columns):
                page.write_string(0, place, column.header, bold)
                page.set_column(place, place, max(10, 2 * len(column.header) + 3))
            for number, cells in enumerate(rows, start=1):
                for place, column in enumerate(sheet.columns):
                    match cells.get(column.key):
                        case datetime() as value:
                            page.write_datetime(number, place, value, instant)
                        case date() as value if dates == "cell":
                            page.write_datetime(number, place, value, day)
                        case date() as value:
                            page.write_string(number, place, _written(value, dates))
                        case int() as value:
                            page.write_number(number, place, value)
                        case str() as value:
                            page.write_string(number, place, value)
    return out.getvalue()


def _written(day: date, dates: Dates) -> str:
    return day.isoformat() if dates == "iso" else f"{day.year}年{day.month}月{day.day}日"
