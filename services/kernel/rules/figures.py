"""What a contract says of its figures: what is counted, and what is worked out of that. Adding one is an entry.

A contract has its own in `figures.py`, as FIGURES and RATES; the projection counts by them, whatever they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .distinct import Grain


@dataclass(frozen=True)
class Metric:
    """A figure that is counted.

    A `flow` is summed over the period; a `level` is the sum of its changes from the beginning to the period's last
    day; a `distinct` count declares the grains in which its owner says "first", and is null for any other period.

    Of its sources it counts the parts that say what `where` says: each one, or as much as the part's field `amount`
    says. A part that names its figure itself needs neither. Entries that choose by `where` count every part among them:
    what none of them chooses is for a person to see.
    """

    id: str
    name: str
    measure: str
    counts: str
    sources: tuple[str, ...]
    sort: Literal["flow", "level", "distinct"] = "flow"
    grains: tuple[Grain, ...] = ()
    where: Mapping[str, str | None] = field(default_factory=dict)
    amount: str | None = None
    tagged: bool = False
    """Its records may bear tags of initiatives 举措、载体, and it is counted by each tag as well."""
    of_persons: bool = False
    """What is counted are persons: whoever may see the figure may see in which units, and not who."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of records that it opens to ("study.session"); none where it opens to units."""
        if self.opens_to_units:
            return frozenset()
        return frozenset(".".join(source.split(".", 2)[:2]) for source in self.sources)

    @property
    def opens_to_units(self) -> bool:
        """Whether it opens to the units in which it is counted, and not to records."""
        return self.sort == "distinct" or self.of_persons

    def window(self, windows: Collection[Grain]) -> Grain | None:
        """The grain by which it is counted over a span that is one window of each of these grains; None for none."""
        return next((grain for grain in self.grains if grain in windows), None)


def key(metric: str, grain: Grain | None = None, tag: str | None = None) -> str:
    """The key under which a metric is kept: its id, with the grain for a distinct count, or with a tag."""
    return f"{metric}@{grain}" if grain else f"{metric}#{tag}" if tag else metric


def metric_of(key: str) -> str:
    """The metric of which a key is, or is a part."""
    return key.partition("#")[0].partition("@")[0]


def tagged(key: str) -> bool:
    """Whether it is a metric's part by a tag: the metric itself is counted beside it."""
    return "#" in key


Values = Mapping[str, int | float | None]
Formula = Callable[[Values, Any], float | None]
FigureReason = Literal["not_additive", "no_denominator", "capped"]


@dataclass(frozen=True)
class Rate:
    """A figure between 0 and 1 that is worked out of others; null when there is nothing to divide by.

    `counts` says the formula in words, the weights by name in braces. Only a formula knows what the weights are.
    """

    id: str
    name: str
    counts: str
    of: tuple[str, ...]
    formula: Formula
    measure: str = "%"
    sort: Literal["rate"] = "rate"
    limited: bool = False
    """Whether it may come to more than 1 for a moment, while what has left both of its parts has left one alone."""

    def value(self, values: Values, weights: Any) -> tuple[float | None, FigureReason | None]:
        """The figure, and why it is null or is not what the formula gives: nothing is cut without saying so."""
        found = self.formula(values, weights)
        if found is None:
            return None, "not_additive" if None in [values[part] for part in self.of] else "no_denominator"
        return limited(found) if self.limited else (found, None)

    def told(self, weights: Any) -> str:
        """The formula in words, with the weights in force."""
        return self.counts.format_map(vars(weights))


def limited(rate: float) -> tuple[float, FigureReason | None]:
    """A share of a whole that somebody counted has left a moment ago: at most 1, and said to be so. What earlier
    versions have kept may say it of leavers for good.
    """
    return (1.0, "capped") if rate > 1 else (rate, None)


def ratio(part: float, whole: float | None) -> float | None:
    """A part of a whole; None where there is nothing to divide by."""
    return part / whole if whole else None


def share(part: str, whole: str) -> Formula:
    """One figure divided by another; of nothing counted it is 0."""
    return lambda values, weights: ratio(values[part] or 0, values[whole])
