"""Reading .xlsx (ECMA-376 part 1, SpreadsheetML; transitional and strict)."""

from __future__ import annotations

import math
import posixpath
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ..archive import Archive, refusal
from .cell import GENERAL, MOST_TABS, MOST_TITLE, Area, Cell, Extent, Fault, Tab, place
from .formats import BUILT_IN, sort_of
from .markup import Attributes, walk

_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_SAYS_ID = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_1904 = 1462
"""Days between the two beginnings of time that a workbook may have."""
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a wall of its own


_LOCAL = {
    f"{space} {name}": name
    for space in _MAIN
    for name in ("c", "cellXfs", "f", "mergeCell", "numFmt", "rPh", "row", "sheet", "si", "t", "v", "workbookPr", "xf")
}
"""The elements of SpreadsheetML that tell us something."""


def _local(name: str) -> str:
    return _LOCAL.get(name, "")


@dataclass
class _Book:
    archive: Archive
    extent: Extent = field(default_factory=Extent)
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    since_1904: bool = False


def tabs(archive: Archive) -> list[Tab]:
    """The visible worksheets, in their order.

    Raises:
        DomainError: file.damaged, file.not_a_spreadsheet, file.extent, file.too_many_cells, file.too_large_unpacked.
    """
    main = next((part for sort, part in _relations(archive, "").values() if sort == "officeDocument"), None)
    if main is None:
        raise refusal("file.not_a_spreadsheet", "文件不是可以读取的电子表格（应为 .xlsx）")
    if main.endswith(".bin"):
        raise refusal("file.not_a_spreadsheet", "不能读取 .xlsb 文件，请另存为 .xlsx 后重新上传")
    book = _Book(archive)
    related = _relations(archive, main)
    sheets = _sheets(book, main)
    for sort, part in related.values():
        if sort == "sharedStrings":
            book.strings = _strings(archive.read(part))
        elif sort == "styles":
            book.formats = _formats(archive.read(part))
    shown = [(title, related[id][1]) for title, id in sheets if related.get(id, ("", ""))[0] == "worksheet"]
    return [_tab(book, title, part) for title, part in shown]


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """What a part names: id → (the sort of thing it is, its place in the archive)."""
    folder, name = posixpath.split(part)
    found: dict[str, tuple[str, str]] = {}

    def start(element: str, told: Attributes) -> None:
        if element.endswith(" Relationship") and told.get("TargetMode") != "External":
            target = unquote(told.get("Target", ""))
            at = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[told.get("Id", "")] = (told.get("Type", "").rpartition("/")[2], at)

    known = posixpath.join(folder, "_rels", f"{name}.rels")
    if known in archive:
        walk(archive.read(known), start)
    return found


def _sheets(book: _Book, part: str) -> list[tuple[str, str]]:
    """Title and relation of each sheet that is not hidden."""
    found: list[tuple[str, str]] = []
    titles: set[str] = set()

    def start(element: str, told: Attributes) -> None:
        name = _local(element)
        if name == "workbookPr":
            book.since_1904 = told.get("date1904") in ("1", "true")
        elif name == "sheet":
            title = told.get("name", "")
            if title.lower() in titles or len(title) > MOST_TITLE or len(titles) >= MOST_TABS:
                raise refusal("file.damaged", "文件已损坏：工作表的名称过长、重复或工作表过多")
            titles.add(title.lower())
            if told.get("state", "visible") == "visible":
                found.append((title, next((told[id] for id in _SAYS_ID if id in told), "")))

    walk(book.archive.read(part), start)
    if not titles:
        raise refusal("file.not_a_spreadsheet", "文件不是可以读取的电子表格（应为 .xlsx）")
    return found


def _formats(data: bytes) -> list[str]:
    """The number format of each cell style."""
    own: dict[str, str] = {}
    found: list[str] = []
    inside = [False]

    def start(element: str, told: Attributes) -> None:
        name = _local(element)
        if name == "numFmt":
            own[told.get("numFmtId", "")] = told.get("formatCode", GENERAL)
        elif name == "cellXfs":
            inside[0] = True
        elif name == "xf" and inside[0]:
            id = told.get("numFmtId", "0")
            found.append(own.get(id) or BUILT_IN.get(int(id) if id.isdecimal() else 0, GENERAL))

    def end(element: str) -> None:
        if _local(element) == "cellXfs":
            inside[0] = False

    walk(data, start, end)
    return found


class _Texts:
    """Gathers text that may come in runs; what tells only how it is spoken (rPh) is no part of it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._taking = False
        self._spoken = False

    def start(self, name: str) -> None:
        """An element begins."""
        if name == "rPh":
            self._spoken = True
        elif name == "t":
            self._taking = not self._spoken

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "rPh":
            self._spoken = False
        elif name == "t":
            self._taking = False

    def text(self, more: str) -> None:
        """Text comes."""
        if self._taking:
            self.parts.append(more)

    def take(self) -> str:
        """What was gathered, `_x000D_` and the like as the characters they are (ST_Xstring)."""
        told = "".join(self.parts)
        self.parts.clear()
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), told) if "_x" in told else told


def _strings(data: bytes) -> list[str]:
    found: list[str] = []
    texts = _Texts()

    def end(element: str) -> None:
        name = _local(element)
        texts.end(name)
        if name == "si":
            found.append(texts.take())

    walk(data, lambda element, told: texts.start(_local(element)), end, texts.text)
    return found


def _tab(book: _Book, title: str, part: str) -> Tab:
    """A worksheet's filled cells and merged areas."""
    reading = _Reading(book, Tab(title))
    walk(book.archive.read(part), reading.start, reading.end, reading.text)
    return reading.tab


class _Reading:
    """Takes a worksheet's elements as they come."""

    def __init__(self, book: _Book, tab: Tab) -> None:
        self.tab = tab
        self._book = book
        self._row = 0
        self._column = 0
        self._told: Attributes = {}
        self._texts = _Texts()
        self._into: list[str] | None = None
        self._value: list[str] = []
        self._told_value = False
        self._formula: list[str] | None = None

    def start(self, element: str, told: Attributes) -> None:
        """An element begins."""
        name = _LOCAL.get(element)
        if name == "c":
            self._begin(told)
        elif name == "v":
            self._into, self._told_value = self._value, True
        elif name == "f":
            self._into = self._formula = []
        elif name == "row":
            self._row, self._column = _index(told.get("r"), self._row + 1), 0
        elif name == "mergeCell":
            first, _, last = told.get("ref", "").partition(":")
            self._book.extent.merge(self.tab, Area(*place(first), *place(last or first)))
        elif name is not None:
            self._texts.start(name)

    def end(self, element: str) -> None:
        """An element ends."""
        name = _LOCAL.get(element)
        if name == "c":
            self._finish()
        elif name in ("v", "f"):
            self._into = None
        elif name is not None:
            self._texts.end(name)

    def text(self, more: str) -> None:
        """Text comes."""
        if self._into is not None:
            self._into.append(more)
        else:
            self._texts.text(more)

    def _begin(self, told: Attributes) -> None:
        self._told, self._formula, self._told_value = told, None, False
        self._value.clear()
        self._texts.parts.clear()
        if (at := told.get("r")) is not None:
            row, self._column = place(at)
            if row != self._row:
                raise refusal("file.damaged", f"文件已损坏：单元格 {at} 不在自己的行里")
        else:
            self._column += 1

    def _finish(self) -> None:
        value = "".join(self._value) if self._told_value else None
        found, fault = self._read(self._told.get("t", "n"), value)
        if self._formula is not None and found is None:
            found, fault = "=" + "".join(self._formula), "formula"
        if found is not None and found != "":
            cell = Cell(found, self._format(), fault)
            if isinstance(found, float) and self._book.since_1904 and sort_of(cell.format) == "date":
                cell = cell._replace(value=found + _1904)
            self._book.extent.put(self.tab, self._row, self._column, cell)

    def _read(self, sort: str, value: str | None) -> tuple[Any, Fault]:  # noqa: PLR0911  # a line for each sort
        """The value of a cell of this sort; None where it has none."""
        if sort == "inlineStr":
            return self._texts.take(), ""
        if value is None or (sort != "str" and not value):
            return None, ""
        if sort == "str":
            return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value), ""
        try:
            if sort == "s":
                return self._book.strings[_index(value, -1)], ""
            if sort == "b":
                return {"1": True, "0": False, "true": True, "false": False}[value.strip()], ""
            if sort == "e":
                return value, "error"
            number = _serial(value) if sort == "d" else _number(value)
        except (ValueError, IndexError, KeyError) as error:
            raise refusal("file.damaged", f"文件已损坏：“{self.tab.title}”第 {self._row} 行不能读取") from error
        return number, ""

    def _format(self) -> str:
        style = _index(self._told.get("s"), 0)
        format = self._book.formats[style] if style < len(self._book.formats) else GENERAL
        return "yyyy-mm-dd hh:mm:ss" if self._told.get("t") == "d" and sort_of(format) != "date" else format


def _index(told: str | None, otherwise: int) -> int:
    """A whole number that is not negative.

    Raises:
        DomainError: file.damaged.
    """
    if told is None:
        return otherwise
    if not (told.isascii() and told.isdecimal() and len(told) < 10):
        raise refusal("file.damaged", "文件已损坏：其中的序号不能读取")
    return int(told)


def _number(told: str) -> float:
    """A number that is one (xsd:double), and finite."""
    number = float(told)
    if "_" in told or not math.isfinite(number):
        raise ValueError(told)
    return number


def _serial(told: str) -> float:
    """The number of a date that is written out (ISO 8601)."""
    return (datetime.fromisoformat(told.removesuffix("Z")) - _EPOCH).total_seconds() / 86400
