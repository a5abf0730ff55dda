"""The sample of five units: small, whole, and such that the platform takes every row."""

from __future__ import annotations

from pathlib import Path

from services.cli.parcel import unpack
from services.cli.sample.small import small
from services.cli.workbook import SHEETS, workbook
from services.kernel.sheets.sheet import parse
from services.kernel.sheets.sheet_tasks import read


def test_it_is_five_units_of_which_all_else_speaks() -> None:
    """No row names a unit that is not among them."""
    made = small()
    units = {unit.code for unit in made.province.units}
    assert len(units) == 5
    for book in made.books:
        for kind, rows in book.sheets.items():
            named = {row.get(key) for row in rows for key in (*SHEETS[kind].units, "unit", "handler")}
            assert named - {None, ""} <= units, book.path


def test_every_row_is_taken() -> None:
    """Nothing in it is refused for what a cell says, and every kind of work has some."""
    kinds = set()
    for book in small().books:
        for kind, rows in book.sheets.items():
            kinds.add(kind)
            read_back = read(SHEETS[kind], workbook({kind: rows})).rows
            assert [error for row in read_back for error in parse(SHEETS[kind], row)[1]] == []
    assert {"sessions", "attendance", "topics", "visits", "measures", "tickets", "members", "users"} <= kinds


def test_it_can_be_loaded_and_says_what_must_come_of_it(tmp_path: Path) -> None:
    """Written twice it is the same; of months nobody submits nothing is expected."""
    small().write(tmp_path)
    parcel = unpack(tmp_path)
    assert parcel.figures is not None
    assert parcel.figures["figures"] == small().figures()
    assert not [id for id in parcel.figures["figures"] if id.startswith("report.")]
    assert (parcel.submissions, parcel.refusals, parcel.late, parcel.reforms) == (None, {}, [], [])
    assert len(parcel.batches) == 3
