"""The closed catalogue of what is counted: the figures that the contracts describe, in the registry's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.kernel.rules.figures import Metric, Rate, metric_of
from services.registry import SERVICES

METRICS: dict[str, Metric] = {metric.id: metric for service in SERVICES for metric in service.contract.FIGURES}
RATES: dict[str, Rate] = {rate.id: rate for service in SERVICES for rate in service.contract.RATES}

_LEVELS = frozenset(metric.id for metric in METRICS.values() if metric.sort == "level")

SOURCES = frozenset(source.split(".", 1)[0] for metric in METRICS.values() for source in metric.sources)
"""The services whose events make figures."""


@dataclass(frozen=True)
class Counted:
    """What is counted of a kind of record: of every part, and by what the part says."""

    always: list[Metric] = field(default_factory=list)
    choosing: dict[tuple[str, ...], dict[tuple[Any, ...], list[Metric]]] = field(default_factory=dict)

    def of(self, part: Mapping[str, Any]) -> list[Metric]:
        """What counts a part.

        Raises:
            ValueError: none of the entries that choose does, as of a new way of study: it is not passed over.
        """
        found = [
            metric
            for names, table in self.choosing.items()
            for metric in table.get(tuple(part.get(name) for name in names), ())
        ]
        if self.choosing and not found:
            said = {name: part.get(name) for names in self.choosing for name in names}
            raise ValueError(f"no figure counts what says {said}")
        return [*self.always, *found]


def by_subject(metrics: Iterable[Metric]) -> dict[str, Counted]:
    """What is counted of each kind of record, such as study.session."""
    found: dict[str, Counted] = {}
    for metric in metrics:
        for subject in dict.fromkeys(source.rsplit(".", 2)[0] for source in metric.sources):
            counted = found.setdefault(subject, Counted())
            if metric.where:
                table = counted.choosing.setdefault(tuple(metric.where), {})
                table.setdefault(tuple(metric.where.values()), []).append(metric)
            else:
                counted.always.append(metric)
    return found


def is_level(key: str) -> bool:
    """Whether a key's amounts count from their day on for good."""
    return metric_of(key) in _LEVELS


def stored(key: str) -> str:
    """A key as a field's name in a roll-up, where a dot would be a path."""
    return key.replace(".", ":")


def key_of(field: str) -> str:
    """The key that a roll-up's field stands for."""
    return field.replace(":", ".")


LEVEL_FIELDS = [stored(id) for id, metric in METRICS.items() if metric.sort == "level"]
"""The figures that are levels, as their fields are called in a roll-up."""
