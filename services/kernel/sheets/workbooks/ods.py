"""Reading .ods (OpenDocument 1.2 and 1.3, part 3: schema)."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from ..archive import Archive, refusal
from .cell import LAST_COLUMN, LAST_ROW, MOST_TABS, MOST_TITLE, Area, Cell, Extent, Tab
from .markup import Attributes, walk

_NAME = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{_NAME}{part}:1.0 " for part in ("table", "office", "text", "style"))
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a wall of its own
_DURATION = re.compile(r"-?P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
_BESIDE = (f"{_OFFICE}annotation", f"{_TEXT}note", f"{_TEXT}ruby-text", f"{_TEXT}tracked-changes")
"""What lies in a cell and is no part of what it says."""
_DATED, _TIMED = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_FORMATS = {"percentage": "0.00%", "currency": "#,##0.00", "time": "[h]:mm:ss"}


def tabs(archive: Archive) -> list[Tab]:
    """The visible tables, in their order.

    Raises:
        DomainError: file.damaged, file.not_a_spreadsheet, file.extent, file.too_many_cells, file.too_large_unpacked.
    """
    if not archive.read("mimetype").strip().startswith(_MIME):
        raise refusal("file.not_a_spreadsheet", "文件不是可以读取的电子表格（应为 .xlsx）")
    reading = _Reading()
    walk(archive.read("content.xml"), reading.start, reading.end, reading.text)
    return reading.shown()


class _Reading:
    """Takes the elements of content.xml as they come."""

    def __init__(self) -> None:
        self._extent = Extent()
        self._tabs: list[tuple[Tab, str]] = []
        self._hidden: set[str] = set()
        self._style = ""
        self._within = 0
        self._beside = 0
        self._row = self._rows = self._column = 0
        self._filled: list[tuple[int, int, Cell]] = []
        self._told: Attributes | None = None
        self._lines: list[list[str]] = []

    def shown(self) -> list[Tab]:
        """The tables whose style does not hide them."""
        return [tab for tab, style in self._tabs if style not in self._hidden]

    def start(self, element: str, told: Attributes) -> None:  # one place for each element, in its order
        """An element begins."""
        if self._beside or element in _BESIDE:
            self._beside += 1
        elif element == f"{_STYLE}style":
            self._style = told.get(f"{_STYLE}name", "")
        elif element == f"{_STYLE}table-properties":
            if told.get(f"{_TABLE}display") == "false":
                self._hidden.add(self._style)
        elif element == f"{_TABLE}table":
            self._begin_table(told)
        elif element == f"{_TABLE}table-row":
            self._row += self._rows
            self._rows, self._column, self._filled = _count(told, f"{_TABLE}number-rows-repeated"), 1, []
        elif element in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._told, self._lines = told, []
        elif self._told is not None:
            self._begin_text(element, told)

    def end(self, element: str) -> None:
        """An element ends."""
        if self._beside:
            self._beside -= 1
        elif element == f"{_TABLE}table":
            self._within -= 1
        elif element == f"{_TABLE}table-row":
            self._extent.room(self._rows * sum(repeated for _, repeated, _ in self._filled))
            for row in range(self._row, self._row + self._rows) if self._filled else ():
                for first, repeated, cell in self._filled:
                    for column in range(first, first + repeated):
                        self._extent.put(self._tabs[-1][0], row, column, cell)
        elif element in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell") and self._told is not None:
            self._finish(self._told)
            self._told = None

    def text(self, more: str) -> None:
        """Text comes: what stands in a paragraph of a cell counts."""
        if self._lines and not self._beside:
            self._lines[-1].append(re.sub(r"[ \t\r\n]+", " ", more))

    def _begin_table(self, told: Attributes) -> None:
        self._within += 1
        title = told.get(f"{_TABLE}name", "")
        known = {tab.title.lower() for tab, _ in self._tabs}
        if self._within > 1 or len(title) > MOST_TITLE or title.lower() in known or len(known) >= MOST_TABS:
            raise refusal("file.damaged", "文件已损坏：工作表的名称过长、重复，工作表过多，或表中有表")
        self._tabs.append((Tab(title), told.get(f"{_TABLE}style-name", "")))
        self._row, self._rows = 1, 0

    def _begin_text(self, element: str, told: Attributes) -> None:
        if element in (f"{_TEXT}p", f"{_TEXT}h"):
            self._lines.append([])
        elif self._lines and element == f"{_TEXT}s":
            self._lines[-1].append(" " * min(_count(told, f"{_TEXT}c"), 1000))
        elif self._lines and element == f"{_TEXT}tab":
            self._lines[-1].append("\t")
        elif self._lines and element == f"{_TEXT}line-break":
            self._lines[-1].append("\n")

    def _finish(self, told: Attributes) -> None:
        if not self._within:
            return
        repeated = _count(told, f"{_TABLE}number-columns-repeated")
        cell = self._cell(told)
        if cell is not None:
            if self._row + self._rows - 1 > LAST_ROW or self._column + repeated - 1 > LAST_COLUMN:
                title = self._tabs[-1][0].title
                raise refusal("file.extent", f"“{title}”超出电子表格的范围（{LAST_ROW} 行、{LAST_COLUMN} 列）")
            self._filled.append((self._column, repeated, cell))
        wide, high = (_count(told, f"{_TABLE}number-{way}-spanned") for way in ("columns", "rows"))
        if wide > 1 or high > 1:
            area = Area(self._row, self._column, self._row + high - 1, self._column + wide - 1)
            self._extent.merge(self._tabs[-1][0], area)
        self._column += repeated

    def _cell(self, told: Attributes) -> Cell | None:
        """The cell, or None where it is empty."""
        sort = told.get(f"{_CALC}value-type") or told.get(f"{_OFFICE}value-type", "")
        formula = told.get(f"{_TABLE}formula")
        said = "\n".join("".join(line) for line in self._lines)
        if sort == "error":
            return Cell(said or "#N/A", fault="error")
        if not sort:
            if formula is not None:
                return Cell(formula, fault="formula")
            return Cell(said) if said else None
        try:
            return _typed(sort, told, told.get(f"{_OFFICE}string-value", said))
        except (KeyError, ValueError, OverflowError) as error:
            title = self._tabs[-1][0].title
            raise refusal("file.damaged", f"文件已损坏：“{title}”第 {self._row} 行不能读取") from error


def _typed(sort: str, told: Attributes, said: str) -> Cell | None:
    if sort == "string":
        return Cell(said) if said else None
    if sort == "boolean":
        return Cell({"true": True, "false": False}[told[f"{_OFFICE}boolean-value"]])
    if sort == "date":
        written = told[f"{_OFFICE}date-value"]
        days = datetime.fromisoformat(written.removesuffix("Z")).replace(tzinfo=None) - _EPOCH
        return Cell(days.total_seconds() / 86400, _TIMED if "T" in written else _DATED)
    if sort == "time":
        return Cell(_duration(told[f"{_OFFICE}time-value"]), _FORMATS["time"])
    number: Any = float(told[f"{_OFFICE}value"])
    if "_" in told[f"{_OFFICE}value"] or not math.isfinite(number):
        raise ValueError(sort)
    return Cell(number, _FORMATS.get(sort, "General"))


def _duration(written: str) -> float:
    """Days of a duration such as PT09H30M00S."""
    match = _DURATION.fullmatch(written)
    if match is None or written.startswith("-"):
        raise ValueError(written)
    days, hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups())
    return days + (hours * 3600 + minutes * 60 + seconds) / 86400


def _count(told: Attributes, name: str) -> int:
    """How often something is repeated: once, where nothing is said.

    Raises:
        DomainError: file.damaged.
    """
    written = told.get(name, "1")
    if not (written.isascii() and written.isdecimal() and len(written) < 10 and int(written)):
        raise refusal("file.damaged", "文件已损坏：其中的序号不能读取")
    return int(written)
