"""Where units stood: by climbing, day by day, whatever moved when."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.projection import Tree, spread, standing
from services.organisation.contract import Superior

BEGINNING = date(2026, 1, 1)
PATHS = {"P": ["P"], "A": ["P", "A"], "B": ["P", "B"], "C": ["P", "A", "C"], "D": ["P", "A", "C", "D"]}
MOVES = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.sampled_from("PABCD"), st.integers(1, 40)), max_size=8, unique_by=lambda m: m
)


class Climbed:
    """Superiors of each unit, in the order of their days."""

    def __init__(self) -> None:
        self.superiors = {
            unit: [Superior(first=BEGINNING, unit=path[-2])] for unit, path in PATHS.items() if len(path) > 1
        }

    def path(self, unit: str, day: date) -> list[str]:
        """By one superior after another."""
        found = [unit]
        while found[0] in self.superiors:
            had = self.superiors[found[0]]
            found.insert(0, next((each.unit for each in reversed(had) if each.first <= day), had[0].unit))
        return found

    def move(self, unit: str, above: str, day: date) -> bool:
        """Put a unit below another one, unless it is later than what is known of it or makes a circle on any day."""
        if self.superiors[unit][-1].first >= day or self.superiors[unit][-1].unit == above:
            return False
        if any(unit in self.path(above, day + timedelta(n)) for n in range(60)):
            return False
        self.superiors[unit].append(Superior(first=day, unit=above))
        return True


def tree(climbed: Climbed, today: date) -> tuple[Tree, dict[str, list[str]]]:
    """The tree as it is kept: who has moved, paths of today."""
    moved = {unit: had for unit, had in climbed.superiors.items() if len(had) > 1}
    paths = {unit: climbed.path(unit, today) for unit in PATHS}
    return Tree(moved, {each.unit: paths[each.unit] for had in moved.values() for each in had}), paths


@given(MOVES)
def test_a_line_is_what_climbing_finds(moves: list[tuple[str, str, int]]) -> None:
    """On every day, for every unit; its days are in order, no path follows itself, and each of them is among `ever`."""
    climbed, today = Climbed(), BEGINNING + timedelta(60)
    for unit, above, after in moves:
        climbed.move(unit, above, BEGINNING + timedelta(after))
    known, paths = tree(climbed, today)
    for unit, path in paths.items():
        line = known.line(path)
        assert [first for first, _ in line] == sorted({first for first, _ in line})
        assert all(this != that for (_, this), (_, that) in pairwise(line))
        assert all(where in known.ever(path) for _, where in line)
        for n in range(60):
            day = BEGINNING + timedelta(n)
            assert standing(line, day.isoformat()) == climbed.path(unit, day) == known.on(path, day)


@given(MOVES, st.lists(st.tuples(st.sampled_from(list(PATHS)), st.integers(0, 50), st.integers(-3, 3)), max_size=6))
def test_a_level_is_where_its_units_are(moves: list[tuple[str, str, int]], told: list[tuple[str, int, int]]) -> None:
    """At the end of any day a unit's level is what was told of the units below it on that day; a flow stays."""
    climbed, today = Climbed(), BEGINNING + timedelta(60)
    for unit, above, after in moves:
        climbed.move(unit, above, BEGINNING + timedelta(after))
    known, paths = tree(climbed, today)
    levels: Counter[tuple[str, str]] = Counter()
    flows: Counter[tuple[str, str]] = Counter()
    for unit, at, amount in told:
        first = (BEGINNING + timedelta(at)).isoformat()
        for above, on, by in spread(known.line(paths[unit]), first, amount, level=True):
            levels[above, on] += by
        for above, on, by in spread(known.line(paths[unit]), first, amount, level=False):
            flows[above, on] += by
    for n in range(0, 60, 3):
        end = BEGINNING + timedelta(n)
        for unit in PATHS:
            kept = sum(by for (above, on), by in levels.items() if above == unit and on <= end.isoformat())
            there = sum(by for each, at, by in told if at <= n and unit in climbed.path(each, end))
            assert kept == there
    for (unit, on), by in flows.items():
        day = date.fromisoformat(on)
        of_day = [each for each in told if BEGINNING + timedelta(each[1]) == day]
        assert by == sum(amount for each, _, amount in of_day if unit in climbed.path(each, day))


def test_what_never_moved_has_one_path() -> None:
    """For ever, whatever moved elsewhere."""
    known = Tree({"B": [Superior(first=BEGINNING, unit="P"), Superior(first=date(2026, 2, 1), unit="A")]}, PATHS)
    assert known.line(PATHS["D"]) == [("", PATHS["D"])]
    assert known.ever(PATHS["D"]) == [PATHS["D"]]
    assert (known.block(PATHS["D"]), known.block(["P", "A", "B"])) == (None, "B")
    assert known.line(["P", "A", "B"]) == [("", ["P", "B"]), ("2026-02-01", ["P", "A", "B"])]
