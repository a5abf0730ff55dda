"""Another reader of workbooks, by the standards and by other means, to hold ours against: slow and without limits."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_O, _T, _X, _S = (f"{{urn:oasis:names:tc:opendocument:xmlns:{n}:1.0}}" for n in ("office", "table", "text", "style"))
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


@dataclass(frozen=True)
class Found:
    """What a cell holds: `sort` is text, number, boolean, date, broken; a number's `format` as a code or number."""

    sort: str
    value: Any = None
    format: str = "General"


@dataclass
class Grid:
    """A visible tab."""

    title: str
    cells: dict[tuple[int, int], Found] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def grids(data: bytes) -> list[Grid]:
    """The visible tabs of an .xlsx or .ods, in their order."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return list(_ods(parts) if "mimetype" in parts else _xlsx(parts))


def _xlsx(parts: dict[str, bytes]) -> Iterator[Grid]:
    book = ET.fromstring(parts["xl/workbook.xml"])
    places = {
        each.get("Id"): "xl/" + (each.get("Target") or "")
        for each in ET.fromstring(parts["xl/_rels/workbook.xml.rels"]).iter(_RELATION)
    }
    strings = [_said(each) for each in ET.fromstring(parts["xl/sharedStrings.xml"]).iter(f"{_MAIN}si")]
    styles = ET.fromstring(parts["xl/styles.xml"])
    codes = {each.get("numFmtId"): each.get("formatCode") for each in styles.iter(f"{_MAIN}numFmt")}
    used: Any = styles.find(f"{_MAIN}cellXfs")
    formats = [codes.get(xf.get("numFmtId")) or f"id {xf.get('numFmtId')}" for xf in used]
    properties = book.find(f"{_MAIN}workbookPr")
    shift = 1462 if properties is not None and properties.get("date1904") == "1" else 0
    for sheet in book.iter(f"{_MAIN}sheet"):
        if sheet.get("state") != "visible":
            continue
        page = ET.fromstring(parts[places[sheet.get(_ID)]])
        grid = Grid(sheet.get("name") or "")
        for line, column, cell in _cells(page):
            found = _read(cell, strings, formats, shift)
            if found is not None:
                grid.cells[line, column] = found
        for area in page.iter(f"{_MAIN}mergeCell"):
            first, last = ((area.get("ref") or "") + ":").split(":")[:2]
            grid.merged.append((*_at(first), *_at(last or first)))
        yield grid


def _cells(page: ET.Element) -> Iterator[tuple[int, int, ET.Element]]:
    line = 0
    for row in page.iter(f"{_MAIN}row"):
        line, column = int(row.get("r") or line + 1), 0
        for cell in row.iter(f"{_MAIN}c"):
            column = _at(cell.get("r") or "")[1] if cell.get("r") else column + 1
            yield line, column, cell


def _at(told: str) -> tuple[int, int]:
    letters, digits = told.rstrip("0123456789"), told.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    column = 0
    for letter in letters:
        column = column * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
    return int(digits), column


def _said(told: ET.Element) -> str:
    """A rich or plain text (CT_Rst): t, and t of each r; never of rPh."""
    texts = [*told.findall(f"{_MAIN}t"), *told.findall(f"{_MAIN}r/{_MAIN}t")]
    return _unescaped("".join(each.text or "" for each in texts))


def _unescaped(text: str) -> str:
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _read(  # noqa: PLR0911  # a line for each sort
    cell: ET.Element, strings: list[str], formats: list[str], shift: int
) -> Found | None:
    sort, value, formula = cell.get("t", "n"), cell.find(f"{_MAIN}v"), cell.find(f"{_MAIN}f")
    told = None if value is None else value.text or ""
    if sort == "inlineStr":
        inline = cell.find(f"{_MAIN}is")
        return Found("text", "" if inline is None else _said(inline))
    if told is None or (told == "" and sort != "str"):
        return None if formula is None else Found("broken")
    if sort == "str":
        return Found("text", _unescaped(told))
    if sort == "s":
        return Found("text", strings[int(told)])
    if sort == "b":
        return Found("boolean", told == "1")
    if sort == "e":
        return Found("broken")
    return (
        Found("number", float(told), formats[int(cell.get("s") or 0)])
        if not shift
        else Found("number", float(told), f"{formats[int(cell.get('s') or 0)]} since 1904")
    )


def _ods(parts: dict[str, bytes]) -> Iterator[Grid]:
    root = ET.fromstring(parts["content.xml"])
    hidden = {
        style.get(f"{_S}name")
        for style in root.iter(f"{_S}style")
        for told in style.iter(f"{_S}table-properties")
        if told.get(f"{_T}display") == "false"
    }
    for table in root.iter(f"{_T}table"):
        if table.get(f"{_T}style-name") in hidden:
            continue
        grid, line = Grid(table.get(f"{_T}name") or ""), 1
        for row in table.iter(f"{_T}table-row"):
            times = int(row.get(f"{_T}number-rows-repeated", "1"))
            _ods_row(grid, row, line, times)
            line += times
        yield grid


def _ods_row(grid: Grid, row: ET.Element, line: int, times: int) -> None:
    column = 1
    for cell in row:
        wide = int(cell.get(f"{_T}number-columns-repeated", "1"))
        found = _ods_read(cell)
        for place in range(column, column + wide) if found is not None else ():
            for at in range(line, line + times):
                grid.cells[at, place] = found  # type: ignore[assignment]  # the range is empty where it is None
        high, broad = (int(cell.get(f"{_T}number-{way}-spanned", "1")) for way in ("rows", "columns"))
        if high > 1 or broad > 1:
            grid.merged.append((line, column, line + high - 1, column + broad - 1))
        column += wide


def _ods_read(cell: ET.Element) -> Found | None:  # noqa: PLR0911  # a line for each sort
    sort = cell.get(f"{_CALC}value-type") or cell.get(f"{_O}value-type")
    said = "\n".join(_ods_said(each) for each in cell.findall(f"{_X}p"))
    if sort == "error":
        return Found("broken")
    if sort is None:
        if cell.get(f"{_T}formula"):
            return Found("broken")
        return Found("text", said) if said else None
    if sort == "string":
        return Found("text", cell.get(f"{_O}string-value", said))
    if sort == "boolean":
        return Found("boolean", cell.get(f"{_O}boolean-value") == "true")
    if sort == "date":
        told = cell.get(f"{_O}date-value", "")
        return Found("date", datetime.fromisoformat(told) if "T" in told else date.fromisoformat(told))
    if sort == "time":
        return Found("date")
    return Found("number", float(cell.get(f"{_O}value", "")), {"float": "General"}.get(sort, sort))


def _ods_said(paragraph: ET.Element) -> str:
    """A paragraph's text: white space in it is one space, text:s is so many, what lies beside is none of it."""
    told = re.sub(r"\s+", " ", paragraph.text or "")
    for child in paragraph:
        if child.tag == f"{_X}s":
            told += " " * int(child.get(f"{_X}c", "1"))
        elif child.tag == f"{_X}span":
            told += _ods_said(child)
        told += re.sub(r"\s+", " ", child.tail or "")
    return told
