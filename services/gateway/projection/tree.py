"""The tree over time: below which units a unit stood on which day, and along which paths an amount counts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from services.organisation.contract import Superior

ALWAYS = ""
"""Before every day, as days are compared here: as text such as 2026-03-05."""

Path = list[str]
Line = list[tuple[str, Path]]
"""From which day on which path leads from the root to a unit; the first from the beginning."""


class Tree:
    """Units that have moved, each with all of its superiors, and a path to each of these superiors.

    Whoever never moved is below the same unit for ever. So it matters of a path only what lies below the last unit in
    it that has moved, and a path may be one of any day.
    """

    def __init__(self, superiors: Mapping[str, Sequence[Superior]] = {}, paths: Mapping[str, Path] = {}) -> None:
        self.superiors = dict(superiors)
        self._paths = dict(paths)

    def moved(self, unit: str, superiors: Sequence[Superior], paths: Mapping[str, Path]) -> Tree:
        """The tree in which a unit has these stays, below units to which these paths lead."""
        return Tree({**self.superiors, unit: superiors}, {**self._paths, **paths})

    def line(self, path: Path, first: str = ALWAYS, end: str | None = None) -> Line:
        """Where the unit at the end of a path stood from a day on, until another."""
        at = self._last_moved(path)
        if at is None:
            return [(first, path)]
        found: Line = []
        superiors = self.superiors[path[at]]
        begins = [ALWAYS, *(superior.first.isoformat() for superior in superiors[1:])]
        for superior, begin, over in zip(superiors, begins, [*begins[1:], None], strict=True):
            since = max(begin, first)
            until = min((day for day in (over, end) if day is not None), default=None)
            if until is None or since < until:
                for day, above in self.line(self._paths[superior.unit], since, until):
                    if not found or found[-1][1] != [*above, *path[at:]]:
                        found.append((day, [*above, *path[at:]]))
        return found

    def on(self, path: Path, day: date | str) -> Path:
        """Where it stood on a day."""
        return standing(self.line(path), str(day))

    def ever(self, path: Path) -> list[Path]:
        """Every path that may ever have been taken for its own, as the tree was known at some time."""
        at = self._last_moved(path)
        if at is None:
            return [path]
        found: list[Path] = []
        others = Tree({unit: known for unit, known in self.superiors.items() if unit != path[at]}, self._paths)
        for superior in self.superiors[path[at]]:
            found += [[*above, *path[at:]] for above in others.ever(self._paths[superior.unit])]
        return found

    def block(self, path: Path) -> str | None:
        """The unit that has moved, on a path, to which the end of it belongs; None where nothing on it ever moved."""
        at = self._last_moved(path)
        return None if at is None else path[at]

    def _last_moved(self, path: Path) -> int | None:
        return next((at for at in reversed(range(len(path))) if path[at] in self.superiors), None)


def standing(line: Line, day: str) -> Path:
    """Where a line is on a day."""
    return next(path for first, path in reversed(line) if first <= day)


def legs(line: Line, day: str, amount: int, level: bool) -> Iterator[tuple[Path, str, int]]:
    """Along which units an amount of a day counts: the units, the day, how much.

    A flow counts along the path of its day. A level counts on from there for good: wherever the line leaves units it is
    taken away from them, and it is put on those to which it comes.
    """
    yield standing(line, day), day, amount
    if not level:
        return
    for (_, old), (first, new) in pairwise(line):
        if first > day:
            yield [unit for unit in old if unit not in new], first, -amount
            yield [unit for unit in new if unit not in old], first, amount


def spread(line: Line, day: str, amount: int, level: bool) -> Iterator[tuple[str, str, int]]:
    """The same by unit."""
    for units, on, by in legs(line, day, amount, level):
        for unit in units:
            yield unit, on, by
