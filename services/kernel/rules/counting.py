"""What an event changes in the figures follows from the states before and after it: no rule says it by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any


def with_counts(
    state: Any, events: Iterable[Any], evolve: Callable[[Any, Any], Any], counted: Callable[[Any], Sequence[Any]]
) -> list[Any]:
    """The events of a record, each with what leaves the figures by it (`was`) and what enters them (`now`).

    `counted` gives all that a record counts as it stands, part by part.
    """
    told = []
    for event in events:
        after = evolve(state, event)
        before, later = Counter(counted(state)), Counter(counted(after))
        change = {"was": list((before - later).elements()), "now": list((later - before).elements())}
        told.append(event.model_copy(update=change))
        state = after
    return told
