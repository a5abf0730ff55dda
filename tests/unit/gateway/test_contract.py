"""What the gateway takes in spreadsheets."""

from datetime import date, datetime

import pytest

from services.kernel.sheets.sheet import parse
from services.organisation.contract import SHEETS, Role, UnitKind, UnitRow, UserRow

UNIT = {"_row": 2, "id": "D001", "name": "示例厅", "kind": "省直单位", "parent": "P000", "active_from": "2026年1月1日"}


def test_a_unit_as_people_write_it() -> None:
    """Chinese kinds, dates as text or as dates, counts as numbers with a point."""
    row, errors = parse(SHEETS["units"], {**UNIT, "members": 120.0, "short_name": ""})
    assert errors == []
    assert isinstance(row, UnitRow)
    assert (row.kind, row.active_from, row.members, row.parent) == (UnitKind.department, date(2026, 1, 1), 120, "P000")
    again, _ = parse(SHEETS["units"], {**UNIT, "active_from": datetime(2026, 1, 1), "members": 120})  # noqa: DTZ001  # as a file holds it
    assert again == row


@pytest.mark.parametrize(
    ("cell", "value"),
    [("kind", "部门"), ("id", "d 001"), ("members", -1.0), ("active_from", "2026-02-30"), ("name", "")],
)
def test_a_wrong_cell_is_named(cell: str, value: object) -> None:
    """Each wrong cell gives one error with its row and its column."""
    row, errors = parse(SHEETS["units"], {**UNIT, cell: value})
    assert row is None
    assert [(error.row, error.column) for error in errors] == [(2, cell)]


def test_a_user_row() -> None:
    """A role by its Chinese name; a password that is too short is refused."""
    cells = {"_row": 2, "id": "cz-admin", "name": "张三", "role": "单位管理员", "unit": "D001", "password": "x" * 12}
    row, _ = parse(SHEETS["users"], cells)
    assert isinstance(row, UserRow)
    assert row.role == Role.unit_admin
    _, errors = parse(SHEETS["users"], {**cells, "password": "short"})
    assert [error.column for error in errors] == ["password"]
