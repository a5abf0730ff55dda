"""Scoring by several judges: criteria with weights, highest and lowest dropped, ties, awards by quota.

Pure, and of no service: whoever runs a contest may lift it out. Entries and judges are whatever can be a dictionary's
key. All sums are exact; a score is rounded once, where it is given out, and places follow the rounded score, so that
what reads the same is the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Generic, Literal, TypeVar

E = TypeVar("E", bound=Hashable)
J = TypeVar("J", bound=Hashable)

Tie = Literal["shared", "criteria", "all_scores"]
"""Equal scores share a place; or go by the criteria in their order; or by the mean with no score dropped."""


@dataclass(frozen=True)
class Criterion:
    """What is judged: marks from 0 to `full`, and how much they weigh beside the others."""

    full: Fraction
    weight: Fraction


@dataclass(frozen=True)
class Rules:
    """How a contest is scored. `fewest` is how many scores an entry needs to be placed at all."""

    criteria: Sequence[Criterion]
    drop_highest: int = 0
    drop_lowest: int = 0
    tie: Tie = "shared"

    @property
    def fewest(self) -> int:
        """One score must be left when the dropped ones are gone."""
        return self.drop_highest + self.drop_lowest + 1


@dataclass(frozen=True)
class Placed(Generic[E, J]):
    """An entry with its score out of 100 and its place (None: too few scores), and the scores that make it.

    `totals` are each judge's total, `dropped` the judges whose totals were left out.
    """

    entry: E
    score: Decimal | None
    place: int | None
    totals: Mapping[J, Fraction]
    dropped: frozenset[J]


def total(criteria: Sequence[Criterion], marks: Sequence[Fraction]) -> Fraction:
    """One judge's marks as a total out of 100."""
    weights = sum((each.weight for each in criteria), Fraction(0))
    parts = zip(criteria, marks, strict=True)
    return sum((each.weight * mark / each.full for each, mark in parts), Fraction(0)) * 100 / weights


def kept(rules: Rules, totals: Mapping[J, Fraction]) -> dict[J, Fraction]:
    """The totals that count; which of equal ones is dropped makes no difference to their sum."""
    order = sorted(totals, key=lambda judge: totals[judge])
    return {judge: totals[judge] for judge in order[rules.drop_lowest : len(order) - rules.drop_highest]}


def rounded(score: Fraction) -> Decimal:
    """A score as it is given out: two decimals, half up."""
    exact = Decimal(score.numerator * 1000 // score.denominator) / 1000
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def placed(rules: Rules, marks: Mapping[E, Mapping[J, Sequence[Fraction]]]) -> list[Placed[E, J]]:
    """Every entry with its score and place, the best first; those with too few scores come last and have neither.

    Equal ones share a place, and the places behind them stay empty: 1, 2, 2, 4.
    """
    scored = [
        (entry, {judge: total(rules.criteria, each) for judge, each in by.items()}) for entry, by in marks.items()
    ]
    enough = [(entry, totals) for entry, totals in scored if len(totals) >= rules.fewest]
    means = {entry: _mean(kept(rules, totals).values()) for entry, totals in enough}
    ranks = {entry: (rounded(means[entry]), *_beside(rules, totals, marks[entry])) for entry, totals in enough}
    found = []
    for entry, totals in scored:
        if entry not in ranks:
            found.append(Placed(entry, None, None, totals, frozenset[J]()))
            continue
        place = 1 + sum(other > ranks[entry] for other in ranks.values())
        dropped = frozenset(totals.keys() - kept(rules, totals).keys())
        found.append(Placed(entry, rounded(means[entry]), place, totals, dropped))
    return sorted(found, key=lambda each: each.place or len(found) + 1)


def award(quotas: Sequence[int], place: int | None) -> int | None:
    """Which award a place earns, by its number in `quotas`; those who share the last place of an award all earn it."""
    last = 0
    for number, quota in enumerate(quotas):
        last += quota
        if place is not None and place <= last:
            return number
    return None


def _beside(rules: Rules, totals: Mapping[J, Fraction], marks: Mapping[J, Sequence[Fraction]]) -> tuple[Fraction, ...]:
    """What decides between equal scores: every judge's marks, the dropped ones' too."""
    match rules.tie:
        case "shared":
            return ()
        case "all_scores":
            return (_mean(totals.values()),)
        case "criteria":
            return tuple(_mean(each[place] for each in marks.values()) for place in range(len(rules.criteria)))


def _mean(values: Iterable[Fraction]) -> Fraction:
    held = list(values)
    return sum(held, Fraction(0)) / len(held)
