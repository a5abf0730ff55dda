"""Reading a sheet that came from outside: its rows by column key, whole or refused."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ..message.redaction import redact
from . import workbooks
from .archive import refusal
from .headers import Headed, headed
from .sheet import MOST_ROWS, Sheet
from .typed import Unreadable, value_of

_MERGED = Unreadable("cell.merged", "在合并的单元格里，其中只有第一格有内容；请取消合并，逐格填写")


@dataclass(frozen=True)
class Reading:
    """The rows of a sheet, and what of the workbook was passed over: other tabs, and columns of notes."""

    rows: list[dict[str, Any]]
    passed_over: list[str]


def read(sheet: Sheet, data: bytes, others: Collection[str] = ()) -> Reading:
    """The rows of an .xlsx or .ods file by column key, each with `_row`, its number in the sheet.

    Cells are of the types of `typed.Value`, "" where empty; rows in which nothing is filled are passed over. Visible
    tabs are read, all that have the sheet's headers; where they are several each row bears its tab's title as `_tab`.
    A filled cell that cannot be read is `Unreadable`, which `parse` refuses in any column. `others` are the titles of
    sheets of other kinds, which may stand in the same workbook.

    This runs where limits hold: see `outside`.

    Raises:
        DomainError: file.not_a_spreadsheet, file.encrypted, file.too_large_unpacked, file.extent, file.too_many_cells,
            file.tab_title, file.empty, file.columns_missing, file.columns_wrong, file.too_many_rows.
    """
    found, titles = headed(sheet, workbooks.tabs(data), others)
    several = len(found) > 1
    if several and any(redact(told.tab.title) != told.tab.title for told in found):
        raise refusal("file.tab_title", "工作表的名称中有电话、证件等号码，请改名")  # rows are named by it
    rows = [row for tab in found for row in _rows(tab, several)]
    if not rows:
        raise refusal("file.empty", "表格中只有表头，没有数据行")
    if len(rows) > MOST_ROWS:
        detail = f"一次最多 {MOST_ROWS} 行，此表有 {len(rows)} 行，请分开报送"
        raise refusal("file.too_many_rows", detail, "too_large")
    columns = dict.fromkeys(f"“{header}”列" for tab in found for header in tab.notes.values())
    return Reading(rows, [*(f"工作表“{redact(title)}”" for title in titles), *columns])


def _rows(told: Headed, several: bool) -> Iterable[dict[str, Any]]:
    merged = _merged(told)
    for number in sorted(told.tab.rows):
        cells = told.tab.rows[number]
        if number == 1 or not (cells.keys() & told.keys.keys()):
            continue
        row = {key: value_of(cells[column]) if column in cells else "" for column, key in told.keys.items()}
        row.update({told.keys[column]: _MERGED for column in merged.get(number, ())})
        if any(value != "" for value in row.values()):
            yield {**row, "_row": number, **({"_tab": told.tab.title} if several else {})}


def _merged(told: Headed) -> dict[int, set[int]]:
    """Row → columns that lie in a merged area in which something is filled; only rows that are filled are looked at."""
    found: dict[int, set[int]] = {}
    rows = told.tab.rows
    numbers = sorted(rows)
    for area in told.tab.merged:
        columns = {column for column in told.keys if area.column <= column <= area.last_column}
        inside = numbers[bisect_left(numbers, area.row) : bisect_right(numbers, area.last_row)]
        if columns and any(area.column <= column <= area.last_column for row in inside for column in rows[row]):
            for number in inside:
                found.setdefault(number, set()).update(columns)
    return found
