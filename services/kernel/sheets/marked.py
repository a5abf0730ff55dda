"""The sheet that goes back: as it came, with what is wrong in it."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import xlsxwriter

from . import workbooks
from .headers import Headed, headed
from .sheet import PLAIN, WRONG, RowError, Sheet
from .workbooks import Cell, Tab

_LONGEST = 32_767
"""Characters of a cell's text (Excel's limit)."""
_COLOUR = "#FADBD8"


def with_errors(sheet: Sheet, data: bytes, errors: Iterable[RowError], others: Collection[str] = ()) -> bytes:
    """The visible tabs as they came, with the wrong cells coloured and a last column that says why.

    Every cell keeps its value and its number format; formulas become their results, merged areas single cells.

    Raises:
        DomainError: as `reading.read`.
    """
    by_place: dict[tuple[str, int], list[RowError]] = defaultdict(list)
    for error in errors:
        by_place[error.tab, error.row].append(error)
    tabs = workbooks.tabs(data)
    found, _ = headed(sheet, tabs, others)
    ours = {told.tab.title: told for told in found}
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, PLAIN) as book:
        formats: dict[tuple[str, bool], Any] = {}

        def put(page: Any, row: int, column: int, cell: Cell, wrong: bool) -> None:
            style = (cell.format, wrong)
            if style not in formats:
                formats[style] = book.add_format(
                    {"num_format": cell.format, **({"bg_color": _COLOUR} if wrong else {})}
                )
            match cell.value:
                case bool():
                    page.write_boolean(row - 1, column - 1, cell.value, formats[style])
                case str():
                    page.write_string(row - 1, column - 1, cell.value[:_LONGEST], formats[style])
                case _:
                    page.write_number(row - 1, column - 1, cell.value, formats[style])

        for place, tab in enumerate(tabs):
            page = book.add_worksheet(_title(tab, place, {other.title.lower() for other in tabs}))
            page.freeze_panes(1, 0)
            told = ours.get(tab.title)
            by_row = {} if told is None else _by_row(by_place, tab.title if len(found) > 1 else "")
            last = max((column for cells in tab.rows.values() for column in cells), default=1)
            page.set_column(0, last - 1, 16)
            for row, cells in tab.rows.items():
                wrong = _columns(told, by_row.get(row, ()))
                for column in cells.keys() | wrong:
                    put(page, row, column, cells.get(column, Cell("")), column in wrong)
            if told is not None:
                _say(page, told, last, by_row)
    return out.getvalue()


def _title(tab: Tab, place: int, titles: Collection[str]) -> str:
    """The tab's title, where .xlsx can have it so; else one that no other tab has."""
    allowed = 0 < len(tab.title) <= 31 and not set(tab.title) & set("[]:*?/\\") and tab.title.strip("'") == tab.title
    if allowed and tab.title.lower() != "history":
        return tab.title
    return next(name for n in range(len(titles) + 1) if (name := f"工作表{place + 1}{'_' * n}") not in titles)


def _by_row(errors: dict[tuple[str, int], list[RowError]], tab: str) -> dict[int, list[RowError]]:
    return {row: told for (title, row), told in errors.items() if title == tab}


def _columns(told: Headed | None, errors: Iterable[RowError]) -> set[int]:
    """The columns in which a row is wrong."""
    keys = {error.column for error in errors}
    return set() if told is None else {column for column, key in told.keys.items() if key in keys}


def _say(page: Any, told: Headed, last: int, by_row: dict[int, list[RowError]]) -> None:
    """A last column of reasons; the one of an earlier round is written over."""
    column = next((column for column, note in told.notes.items() if note == WRONG), last + 1)
    page.set_column(column - 1, column - 1, 60)
    for row in told.tab.rows:
        reasons = "；".join(error.detail for error in by_row.get(row, ()))
        page.write_string(row - 1, column - 1, WRONG if row == 1 else reasons[:_LONGEST])
