"""A spreadsheet row as the generator thinks of it: cells by column key, and the sheet it belongs to."""

from dataclasses import dataclass

from services.cli.workbook import Cell, Cells

ADD, CORRECT, VOID = "新增", "更正", "作废"


@dataclass(frozen=True)
class Row:
    """A row of the sheet of that kind."""

    kind: str
    cells: Cells

    @property
    def record(self) -> tuple[str, str, str]:
        """Which record it speaks of: the unit's own number is the unit's own record."""
        return self.kind, str(self.cells["unit"]), str(self.cells["number"])

    def corrected(self, reason: str, **changes: Cell) -> "Row":
        """The row that says the record anew."""
        return Row(self.kind, {**self.cells, **changes, "action": CORRECT, "reason": reason})

    def voided(self, reason: str) -> "Row":
        """The row that takes the record back."""
        return Row(self.kind, {**self.cells, "action": VOID, "reason": reason})
