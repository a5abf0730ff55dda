"""What was kept when months were locked + the corrections since = what the roll-ups say now, everywhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.gateway.domain.period import days_of
from services.gateway.projection import LEVEL_FIELDS, stored
from services.gateway.store.corrections import affects
from services.gateway.store.tree import below_on, tree_of
from services.kernel.journal.store import Document

Place = tuple[str, str]
"""A unit and a month."""


def differences(database: Database[Document], rollups: str, session: ClientSession) -> tuple[int, list[str]]:
    """How many months of units were compared at one instant, and a line for each that does not agree."""
    locks = list(database["locks"].find({}, session=session))
    if not locks:
        return 0, []
    batches: dict[Place, int] = {}
    for lock in locks:
        place = (lock["unit"], lock["month"])
        batches[place] = min(lock["batch"], batches.get(place, lock["batch"]))
    months = sorted({lock["month"] for lock in locks})
    kept: dict[Place, tuple[int, Counter[str], Counter[str]]] = {}
    for row in database["locked"].find({}, session=session):
        kept[row["unit"], row["month"]] = row["batch"], Counter(row["sum"]), Counter(row["levels"])
    over_time = tree_of(database, session)
    paths = {row["_id"]: row["path"] for row in database["units"].find({}, {"path": 1}, session=session)}

    def above(unit: str, month: str) -> list[str]:
        return over_time.on(paths[unit], days_of(month)[1])

    found = Sums(kept, batches, above)
    for correction in database["corrections"].find({}, session=session):
        found.add(correction, months)
    wrong = []
    for place, told in found.told(database, rollups, session):
        if told:
            wrong.append(f"锁定月份 {place[0]}|{place[1]}：锁定时的数加更正与现在的汇总不一致（{'、'.join(told[:5])}）")
    wrong += [
        f"单位 {unit} 的 {month} 已锁定，没有锁定时的数，汇总却有数"
        for unit, month in found.unkept(database, rollups, session)
    ]
    return len(found.kept), wrong


class Sums:
    """What was kept of each unit's month, with the corrections added."""

    def __init__(
        self,
        kept: dict[Place, tuple[int, Counter[str], Counter[str]]],
        batches: dict[Place, int],
        above: Callable[[str, str], list[str]],
    ) -> None:
        self.kept = kept
        self._batches = batches
        self._above = above

    def add(self, correction: Document, months: list[str]) -> None:
        """Add a correction to every unit's month that it came after the lock of."""
        for entry in correction["entries"]:
            field, of_level = stored(entry["m"]), stored(entry["m"]) in LEVEL_FIELDS
            for month in months:
                first, last = days_of(month)
                if not affects(entry["m"], entry["d"], (first.isoformat(), last.isoformat())):
                    continue
                for unit in entry["path"]:
                    kept = self._of(unit, month)
                    if kept is None or correction["batch"] <= kept[0]:
                        continue
                    if entry["d"][:7] == month:
                        kept[1][field] += entry["n"]
                    if of_level:
                        kept[2][field] += entry["n"]

    def _of(self, unit: str, month: str) -> tuple[int, Counter[str], Counter[str]] | None:
        """What is kept; nothing of a unit that had nothing, from the earliest lock above it at the month's end on."""
        place = (unit, month)
        if place not in self.kept:
            held = [self._batches[step, month] for step in self._above(unit, month) if (step, month) in self._batches]
            if not held:
                return None
            self.kept[place] = min(held), Counter(), Counter()
        return self.kept[place]

    def told(
        self, database: Database[Document], rollups: str, session: ClientSession
    ) -> Iterator[tuple[Place, list[str]]]:
        """Each unit's month, with the fields in which it differs from the roll-ups."""
        by_unit: dict[str, list[str]] = defaultdict(list)
        for unit, month in self.kept:
            by_unit[unit].append(month)
        for unit, months in by_unit.items():
            rows = {row["month"]: row.get("sum", {}) for row in database[rollups].find({"unit": unit}, session=session)}
            for month in months:
                _, sums, levels = self.kept[unit, month]
                now = Counter(rows.get(month, {}))
                ends: Counter[str] = Counter()
                for each, cells in rows.items():
                    if each <= month:
                        ends.update({field: amount for field, amount in cells.items() if field in LEVEL_FIELDS})
                yield (
                    (unit, month),
                    sorted(
                        {field for field in sums.keys() | now.keys() if sums[field] != now[field]}
                        | {field for field in levels.keys() | ends.keys() if levels[field] != ends[field]}
                    ),
                )

    def unkept(self, database: Database[Document], rollups: str, session: ClientSession) -> Iterator[Place]:
        """Units below a lock whose month has figures, and of which nothing was kept or corrected."""
        over_time = tree_of(database, session)
        for unit, month in self._batches:
            below = below_on(database, over_time, unit, days_of(month)[1], session)
            asked = {"unit": {"$in": list(below)}, "month": month}
            for row in database[rollups].find(asked, {"unit": 1, "sum": 1}, session=session):
                if (row["unit"], month) not in self.kept and any(row.get("sum", {}).values()):
                    yield row["unit"], month
