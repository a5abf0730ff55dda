"""What a workbook holds, whichever format it came in: visible tabs, and in them the cells that are filled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ..archive import refusal

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
"""The extent of a sheet (ECMA-376 part 1, 18.3.1.4 and 18.3.1.13; Excel's own limits)."""
MOST_CELLS = 2_000_000
MOST_TABS = 256
MOST_AREAS = 10_000
MOST_TITLE = 100
GENERAL = "General"
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")

Fault = Literal["", "error", "formula"]


class Cell(NamedTuple):
    """A filled cell: text, a number with its number format (dates are numbers), or a truth value.

    A `fault` says why it has no value that could be read: it is an error such as #N/A, or a formula whose result was
    not saved; the value is then the error or the formula as text.
    """

    value: str | float | bool
    format: str = GENERAL
    fault: Fault = ""


class Area(NamedTuple):
    """Cells that were merged into one; rows and columns from 1, both ends included."""

    row: int
    column: int
    last_row: int
    last_column: int


@dataclass
class Tab:
    """A visible tab: row → column → cell, both from 1. Only what is filled is there, whatever extent is declared."""

    title: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)


class Extent:
    """Counts what is kept of a workbook, and refuses more than there can be."""

    def __init__(self) -> None:
        self._left = MOST_CELLS
        self._areas = MOST_AREAS

    def put(self, tab: Tab, row: int, column: int, cell: Cell) -> None:
        """Keep a cell.

        Raises:
            DomainError: file.extent, file.too_many_cells, file.damaged.
        """
        if not (1 <= row <= LAST_ROW and 1 <= column <= LAST_COLUMN):
            raise refusal("file.extent", f"“{tab.title}”超出电子表格的范围（{LAST_ROW} 行、{LAST_COLUMN} 列）")
        self.room(1)
        self._left -= 1
        cells = tab.rows.setdefault(row, {})
        if column in cells:
            raise refusal("file.damaged", f"文件已损坏：“{tab.title}”的 {letters(column)}{row} 出现两次")
        cells[column] = cell

    def room(self, cells: int) -> None:
        """See that there is room for so many cells more, before they are made.

        Raises:
            DomainError: file.too_many_cells.
        """
        if cells > self._left:
            raise refusal("file.too_many_cells", f"填写的单元格超过 {MOST_CELLS} 个，请分开报送", "too_large")

    def merge(self, tab: Tab, area: Area) -> None:
        """Keep a merged area.

        Raises:
            DomainError: file.too_many_cells.
        """
        self._areas -= 1
        if self._areas < 0:
            raise refusal("file.too_many_cells", f"合并的单元格超过 {MOST_AREAS} 处", "too_large")
        tab.merged.append(area)


def letters(column: int) -> str:
    """A column's name: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def place(told: str) -> tuple[int, int]:
    """Row and column of a reference such as B7.

    Raises:
        DomainError: file.damaged.
    """
    match = _PLACE.fullmatch(told)
    if match is None:
        raise refusal("file.damaged", "文件已损坏：单元格的位置不能读取")
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - 64
    return int(match[2]), column
