"""A direct recount of a small tree over time: who stood below whom, and what counted where, a step at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from services.gateway.projection import is_level
from services.gateway.service.units import move_unit
from services.gateway.store.period import Span
from services.gateway.store.report import records, report
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.organisation.contract import MoveUnit
from tests.component.gateway.figures import READER, Figures
from tests.unit.gateway.owners import PATHS, Step

OPENED = ("study.sessions.branch", "study.attendance.due", "study.members_due", "hotline.tickets", "hotline.overdue")
LIFE: list[Step] = [
    ("report", 0, "B1", date(2026, 3, 5), 1),
    ("report", 1, "B1", date(2026, 7, 9), 1),
    ("join", 0, "B1", date(2026, 2, 1), 0),
    ("live", 0, "D1", date(2026, 3, 5), 1),
    ("overdue", 0, "D1", date(2026, 3, 5), 0),
]
BASIS = "机构改革方案"


class Recount:
    """Who stood below whom from when on, and every entry of every fact, counted by climbing one step at a time."""

    def __init__(self, figures: Figures, paths: dict[str, list[str]] = PATHS) -> None:
        self.above: dict[str, list[tuple[date, str]]] = {
            id: [(date.min, path[-2])] for id, path in paths.items() if len(path) > 1
        }
        self._figures = figures

    def moved(self, unit: str, parent: str, day: date) -> None:
        """It stands below another one from a day on."""
        self.above[unit].append((day, parent))

    def path(self, unit: str, day: date) -> set[str]:
        """It and all that it stood below."""
        found = {unit}
        while unit in self.above:
            unit = next(parent for first, parent in reversed(self.above[unit]) if first <= day)
            found.add(unit)
        return found

    def entries(self) -> list[tuple[str, str, date, int]]:
        """Key, unit, day and amount of everything that ever counted."""
        return [
            (entry["m"], entry["u"], date.fromisoformat(entry["d"]), entry["n"])
            for fact in self._figures.database["facts"].find()
            for entry in fact["entries"]
        ]

    def differing(self) -> list[Any]:
        """Where roll-ups, days or months, are not what they must be."""
        entries, rows = self.entries(), list(self._figures.database["rollups"].find())
        days = sorted({day for _, _, day, _ in entries} | {day for each in self.above.values() for day, _ in each[1:]})
        flows: Counter[Any] = Counter()
        levels: Counter[Any] = Counter()
        for key, unit, day, amount in entries:
            if not is_level(key):
                flows.update({(above, key, day): amount for above in self.path(unit, day)})
                continue
            for end in days:
                if day <= end:
                    levels.update({(above, key, end): amount for above in self.path(unit, end)})
        told: Counter[Any] = Counter()
        standing: Counter[Any] = Counter()
        months: Counter[Any] = Counter()
        for row in rows:
            for day, cells in row["days"].items():
                on = date.fromisoformat(f"{row['month']}-{day}")
                for field, amount in cells.items():
                    key = field.replace(":", ".")
                    months[row["_id"], field] += amount
                    if not is_level(key):
                        told[row["unit"], key, on] += amount
                    else:
                        standing.update({(row["unit"], key, end): amount for end in days if on <= end})
        sums = Counter({(row["_id"], field): n for row in rows for field, n in row.get("sum", {}).items()})
        found = []
        for expected, stored in ((flows, told), (levels, standing), (months, sums)):
            found += [
                (place, expected[place], stored[place])
                for place in expected.keys() | stored.keys()
                if expected[place] != stored[place]
            ]
        return found

    async def unopened(self, database: AsyncDatabase[Document]) -> list[Any]:
        """Figures whose records do not add up to what they are, for every unit over a month and over a part of it."""
        found = []
        for unit in PATHS:
            for span in (Span(date(2026, 3, 1), date(2026, 3, 31)), Span(date(2026, 2, 10), date(2026, 7, 20))):
                told = await report(database, unit, span, children=False)
                for figure in OPENED:
                    if told["figures"][figure] is not None:
                        records_ = await records(database, figure, unit, span, 1, 50, roles=READER)
                        if records_["sum"] != told["figures"][figure]:
                            found.append((unit, span, figure, records_["sum"], told["figures"][figure]))
        return found


def moving(unit: str, parent: str, day: date) -> Callable[[Work], None]:
    """A move as it is commanded."""
    asked = MoveUnit(id=unit, parent=parent, day=day, basis=BASIS)
    return lambda work: move_unit(work, asked)
