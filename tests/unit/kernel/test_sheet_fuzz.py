"""Any workbook is refused by name, or recorded exactly as another reader reads it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from pydantic import BaseModel

from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Count, Month, Number, Text, choice
from services.kernel.sheets.sheet import Column, Sheet, parse
from services.kernel.sheets.sheet_tasks import read
from tests.unit.kernel.workbooks.drawn import COLUMNS, FORMATS, TITLE, workbooks
from tests.unit.kernel.workbooks.independent import Found, Grid, grids

CASES = int(os.environ.get("SHENGZHI_FUZZ_WORKBOOKS", "200"))
REFUSALS = {"file.empty", "file.columns_missing", "file.columns_wrong"}
OTHERS = ["考勤表"]


class Row(BaseModel):
    """A row with a column of each type."""

    number: Number
    name: Text = ""
    count: Count = 0
    day: Day | None = None
    month: Month | None = None
    sure: Annotated[bool, choice({"是": "true", "否": "false"})] = False


REQUIRED = "number"
SHEET = Sheet(
    "things",
    TITLE,
    tuple(Column(key, header, required=key == REQUIRED) for key, header in COLUMNS.items()),
    Row,
)


class Wrong(Exception):
    """A cell that its column does not take."""


@given(workbooks())
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_recorded_is_what_is_there(data: bytes) -> None:
    """Every filled cell of every visible tab is in a row as it is, or it, its column or its tab is refused by name."""
    there = [grid for grid in grids(data) if grid.cells]
    if refused_with_reason(there):
        with pytest.raises(DomainError) as refusal:
            read(SHEET, data, OTHERS)
        assert refusal.value.code in REFUSALS
        assert {error["pointer"] for error in refusal.value.errors} == {"/file"}
        event(f"refused: {refusal.value.code}")
        return
    found = read(SHEET, data, OTHERS)
    ours = [grid for grid in there if is_ours(grid)]
    titles = {grid.title: grid.title if len(ours) > 1 else "" for grid in ours}
    expected = {(titles[grid.title], line): cells for grid in ours for line, cells in lines(grid).items()}
    assert {(row.get("_tab", ""), row["_row"]) for row in found.rows} == set(expected)
    for row in found.rows:
        held_against(row, expected[row.get("_tab", ""), row["_row"]])


def held_against(row: dict[str, Any], cells: dict[str, Found | None]) -> None:
    """A row as it would be recorded, against what the other reader says of each of its cells."""
    model, errors = parse(SHEET, row)
    values: dict[str, Any] = {}
    wrong = set()
    for key, found in cells.items():
        try:
            values[key] = TAKEN[key](found)
        except Wrong:
            wrong.add(key)
    if REQUIRED not in values:
        wrong.add(REQUIRED)
    note(f"{cells} {values} {wrong} {errors}")
    event("a row that is refused" if wrong else "a row that is taken")
    if wrong:
        assert model is None
        assert {error.column for error in errors} <= wrong
        assert errors
        return
    assert model is not None
    assert model.model_dump() == Row.model_construct(**values).model_dump()


def header(told: str) -> str:
    """A header as it is compared."""
    plain = "".join(each for each in unicodedata.normalize("NFKC", told) if unicodedata.category(each) != "Cf")
    return re.sub(r"\s", "", plain).strip("*")


def headers(grid: Grid) -> dict[int, str]:
    """The headers of a tab by column, as they are compared."""
    told = {c: str(found.value) for (line, c), found in grid.cells.items() if line == 1 and found.value is not None}
    return {c: header(each) for c, each in told.items() if each.strip()}


def is_ours(grid: Grid) -> bool:
    return grid.title == TITLE or grid.title not in {*OTHERS, "填写说明"}


def refused_with_reason(there: list[Grid]) -> bool:
    """Whether the other reader would refuse the workbook too."""
    ours = [grid for grid in there if is_ours(grid)]
    return not ours or any(map(badly_headed, ours)) or not any(lines(grid) for grid in ours)


def badly_headed(grid: Grid) -> bool:
    """A column is missing, twice, unknown, without a header though filled, or its header is merged."""
    named = headers(grid)
    used = [each for each in named.values() if each in COLUMNS.values()]
    nameless = {c for (line, c), found in grid.cells.items() if line > 1 and c not in named and not is_empty(found)}
    return (
        COLUMNS[REQUIRED] not in used
        or len(used) != len(set(used))
        or bool(set(named.values()) - {*COLUMNS.values(), "序号", "备注", "错误"})
        or bool(nameless)
        or any(first == 1 and left in named for first, left, _, _ in grid.merged)
    )


def is_empty(found: Found) -> bool:
    return found.sort == "text" and not found.value.strip()


def lines(grid: Grid) -> dict[int, dict[str, Found | None]]:
    """Each line in which something of ours is filled: what each of its cells holds."""
    keys = {each: key for key, each in COLUMNS.items()}
    columns = {c: keys[each] for c, each in headers(grid).items() if each in keys}
    found: dict[int, dict[str, Found | None]] = {}
    for line in sorted({line for line, c in grid.cells if line > 1 and c in columns}):
        cells = {key: grid.cells.get((line, c)) for c, key in columns.items()}
        hidden = {key: c for c, key in columns.items() if any(covers(grid, area, line, c) for area in grid.merged)}
        cells.update(dict.fromkeys(hidden, Found("broken")))
        if any(each is not None and not is_empty(each) for each in cells.values()):
            found[line] = cells
    return found


def covers(grid: Grid, area: tuple[int, int, int, int], line: int, column: int) -> bool:
    """Whether a merged area in which something is filled covers a cell."""
    top, left, bottom, right = area
    filled = any(top <= r <= bottom and left <= c <= right for r, c in grid.cells)
    return filled and top <= line <= bottom and left <= column <= right


def visible(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) != "Cf" and each not in UNSEEN).strip()


def plain(found: Found | None) -> Any:
    """A cell's value in Python: text, number, date; `Wrong` where it cannot be read at all."""
    if found is None or is_empty(found):
        raise KeyError
    if found.sort == "broken" or (found.sort == "text" and re.fullmatch(r"#(N/A|REF!)|Err:\d+", visible(found.value))):
        raise Wrong
    if found.sort == "number":
        return dated(found)
    return found.value.strip() if found.sort == "text" else found.value


def dated(found: Found) -> Any:
    """A number as its format says; percentages and other dressed numbers with what they are."""
    code, _, since = found.format.partition(" since ")
    code, since = (code, since) if since == "1904" else (found.format, "")
    sort = FORMATS.get(int(code[3:]) if code.startswith("id ") else code, {"percentage": "scaled"}.get(code, ""))
    if sort in ("date", "time", "duration"):
        days = found.value + (1462 if since and sort == "date" else 0)
        if not abs(days) < 2_958_466:
            raise Wrong
        if sort == "duration" or (0 <= days < 1 and (sort == "time" or round(days * 86_400_000))):
            return timedelta(days=days)
        if not 61 <= days < 2_958_466:
            raise Wrong
        moment = datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86_400_000))  # noqa: DTZ001  # a wall
        return moment if moment.time() != datetime.min.time() else moment.date()
    if abs(found.value) >= 1e15:
        raise Wrong
    return (found.value, sort) if sort in ("scaled", "shown") else found.value


def to_text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = str(int(value))
    if not isinstance(value, str) or re.search("[\x00-\x08\x0b-\x1f\x7f]", value):
        raise Wrong
    return value


def to_key(value: Any) -> str:
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", to_text(value)))
    if len(to_text(value)) > 40 or re.search("[\u202a-\u202e\u2066-\u2069]", text):
        raise Wrong
    key = visible(text)
    if not key or len(key) > 40 or any(unicodedata.category(each) in ("Co", "Cn") for each in key):
        raise Wrong
    return re.sub(" +", " ", key)


UNSEEN = {
    *"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0",
    *map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810))),
}


def to_count(value: Any) -> int:
    if isinstance(value, tuple):
        value = value[0] if value[1] == "shown" else None
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.0+)?", value):
        value = float(value)
    if not isinstance(value, float) or value != int(value) or not 0 <= value <= 1_000_000:
        raise Wrong
    return int(value)


def to_day(value: Any) -> date:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?", unicodedata.normalize("NFKC", value).strip())
        try:
            value = date(*map(int, match.groups())) if match else None
        except ValueError:
            raise Wrong from None
    if not isinstance(value, date) or not date(1949, 10, 1) <= value <= date(2100, 12, 31):
        raise Wrong
    return value


def to_month(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime) and value.day == 1:
        return f"{value:%Y-%m}"
    match = re.fullmatch(r"(20\d\d)[-/年](\d{1,2})月?", to_key(value)) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[2]) <= 12:
        raise Wrong
    return f"{match[1]}-{int(match[2]):02d}"


def to_sure(value: Any) -> bool:
    told = to_key(value)
    if told not in ("是", "否"):
        raise Wrong
    return told == "是"


def _optional(take: Callable[[Any], Any], default: Any) -> Callable[[Found | None], Any]:
    def taken(found: Found | None) -> Any:
        try:
            value = plain(found)
        except KeyError:
            return default
        return take(value)

    return taken


def _needed(found: Found | None) -> str:
    try:
        return to_key(plain(found))
    except KeyError:
        raise Wrong from None


TAKEN: dict[str, Callable[[Found | None], Any]] = {
    "number": _needed,
    "name": _optional(to_text, ""),
    "count": _optional(to_count, 0),
    "day": _optional(to_day, None),
    "month": _optional(to_month, None),
    "sure": _optional(to_sure, False),
}
