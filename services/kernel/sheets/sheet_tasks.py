"""Reading and marking sheets, as tasks of `outside`: what they need of a `Sheet` crosses as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from pydantic import BaseModel

from . import marked as marking
from . import reading, workbooks
from .outside import OUTSIDE
from .reading import Reading
from .sheet import Column, RowError, Sheet
from .typed import from_wire, to_wire


def read(sheet: Sheet, data: bytes, others: Collection[str] = ()) -> Reading:
    """As `reading.read`, in a process of its own.

    Raises:
        DomainError: as there; file.too_heavy, file.unreadable.
    """
    found = orjson.loads(OUTSIDE.run("sheet", data, {"sheet": _told(sheet), "others": list(others)}))
    rows = [{key: from_wire(value) for key, value in row.items()} for row in found["rows"]]
    return Reading(rows, found["passed_over"])


def with_errors(sheet: Sheet, data: bytes, errors: Iterable[RowError], others: Collection[str] = ()) -> bytes:
    """As `marked.with_errors`, in a process of its own.

    Raises:
        DomainError: as there; file.too_heavy, file.unreadable.
    """
    told = {"sheet": _told(sheet), "others": list(others), "errors": [vars(error) for error in errors]}
    return OUTSIDE.run("marked", data, told)


def tab_rows(data: bytes) -> dict[str, int]:
    """The visible tabs of a workbook with how many rows are filled below their headers, read in a process of its own.

    Raises:
        DomainError: as `workbooks.tabs`; file.too_heavy, file.unreadable.
    """
    found: dict[str, int] = orjson.loads(OUTSIDE.run("titles", data, {}))
    return found


def rows(data: bytes, told: Any) -> bytes:
    """The task of `read`."""
    found = reading.read(_sheet(told["sheet"]), data, told["others"])
    wired = [{key: to_wire(value) for key, value in row.items()} for row in found.rows]
    return orjson.dumps({"rows": wired, "passed_over": found.passed_over})


def marked(data: bytes, told: Any) -> bytes:
    """The task of `with_errors`."""
    errors = [RowError(**error) for error in told["errors"]]
    return marking.with_errors(_sheet(told["sheet"]), data, errors, told["others"])


def titles(data: bytes, told: Any) -> bytes:
    """The task of `tab_rows`."""
    return orjson.dumps({tab.title: sum(row > 1 for row in tab.rows) for tab in workbooks.tabs(data)})


def _told(sheet: Sheet) -> dict[str, Any]:
    columns = [(column.key, column.header, column.required) for column in sheet.columns]
    return {"kind": sheet.kind, "title": sheet.title, "columns": columns, "notes": sheet.notes}


def _sheet(told: Any) -> Sheet:
    """The description, as far as reading needs it: what a row means is not for this process."""
    columns = tuple(Column(key, header, required=required) for key, header, required in told["columns"])
    return Sheet(told["kind"], told["title"], columns, BaseModel, notes=tuple(told["notes"]))
