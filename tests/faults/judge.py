"""What must hold after every fault, as pure functions over what was seen: was anything lost, doubled, or out of order?

Nothing here knows a store, a broker or the platform: the campaign, the model and the proof of the proof each collect
what they saw and ask the same judge.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

Kind = Literal["lost", "doubled", "inverted", "invented", "unpublished"]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def commands(asked: Collection[K], acknowledged: Collection[K], effects: Iterable[K]) -> list[Finding]:
    """Acknowledged ⊆ effects ⊆ asked, each effect once."""
    counted = Counter(effects)
    return [
        *(Finding("lost", f"{key} was acknowledged") for key in acknowledged if key not in counted),
        *(Finding("doubled", f"{key} took effect {count} times") for key, count in counted.items() if count > 1),
        *(Finding("invented", f"nobody asked for {key}") for key in counted.keys() - set(asked)),
    ]


def versions(records: Mapping[str, int], entries: Iterable[tuple[str, int]]) -> list[Finding]:
    """A record at version v has exactly the events 1 … v; `entries` gives (record, version) of each event."""
    found = []
    counted: dict[str, Counter[int]] = defaultdict(Counter)
    for record, n in entries:
        counted[record][n] += 1
    for record in dict.fromkeys([*records, *counted]):
        version, has = records.get(record, 0), counted[record]
        found += [Finding("lost", f"{record} has no event {n}") for n in range(1, version + 1) if not has[n]]
        found += [Finding("doubled", f"{record} has event {n} {count} times") for n, count in has.items() if count > 1]
        found += [Finding("invented", f"{record} is at version {version}, event {n}") for n in has if n > version]
    return found


def deliveries(
    subscriber: str, published: Collection[str], taken: Iterable[str], aside: Collection[str] = ()
) -> list[Finding]:
    """Each event took effect once in the subscriber, or is set aside there; ids of events throughout."""
    counted = Counter(taken)
    had, happened = counted.keys() | set(aside), set(published)
    return [
        *(Finding("lost", f"{subscriber} never had {id}") for id in published if id not in had),
        *(Finding("doubled", f"{subscriber} had {id} {count} times") for id, count in counted.items() if count > 1),
        *(Finding("invented", f"{subscriber} had {id}, which never happened") for id in counted.keys() - happened),
    ]


def order(sendings: Iterable[tuple[str, int]]) -> list[Finding]:
    """No version of a record was first sent before the one below it; `sendings` gives (record, version) as sent."""
    found, newest = [], dict[str, int]()
    for record, n in sendings:
        known = newest.get(record, 0)
        if n > known + 1:
            found.append(Finding("inverted", f"{record}: version {n} was sent before {known + 1}"))
        newest[record] = max(known, n)
    return found


def marks(entries: Iterable[tuple[str, int, bool]]) -> list[Finding]:
    """No version of a record counts as published while one below it does not; (record, version, published)."""
    found, waiting = [], dict[str, int]()
    for record, n, published in sorted(entries):
        if not published:
            waiting.setdefault(record, n)
        elif record in waiting:
            found.append(Finding("inverted", f"{record}: {n} counts as published before {waiting[record]}"))
    return found


def drained(entries: Iterable[tuple[str, int, bool]]) -> list[Finding]:
    """Nothing is left unpublished; (record, version, published)."""
    return [Finding("unpublished", f"{record} {n}") for record, n, published in entries if not published]
