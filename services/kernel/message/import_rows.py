"""What is asked of a service that takes spreadsheets, and gives them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .event import Command
from .free_text import FreeText


class AddImportRows(Command):
    """A chunk of a sheet: rows by column key, each with `_row`, and `_tab` where the sheet has several tabs.

    `first` is the place of its first row in the import; values are as `typed.to_wire` gives them. `digest` names the
    file: no other file comes under the same import.
    """

    import_id: str = Field(min_length=1, max_length=128)
    kind: str
    first: int = Field(ge=0)
    digest: str = Field(default="", max_length=64)
    rows: list[dict[str, Any]] = Field(max_length=1000)


class AcceptImport(Command):
    """All rows are there: decide them, and take them or refuse them.

    `passed_over` names what of the workbook is in no row: tabs of other kinds, columns of notes.
    """

    import_id: str
    kind: str
    rows: int = Field(ge=1)
    passed_over: list[FreeText] = Field(default=[], max_length=100)


class GetImport(Command):
    """How far an import has come."""

    import_id: str


class ExportRows(Command):
    """Records of a unit and those below it as rows of a sheet, from the one after the id `after` on."""

    kind: str
    unit: str
    after: str | None = None
    limit: int = Field(default=500, ge=1, le=1000)
