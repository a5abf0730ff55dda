"""What research's records count as they stand, for the audit."""

from __future__ import annotations

from collections.abc import Iterable

from services.kernel.message.event import Period
from services.kernel.rules.recount import Counted, Distinct, Reached, one, parts, reached

from ..contract import FIGURES, NAME
from . import loop, measure
from .measure import MEASURE
from .place import PLACE, place_id_of, visiting
from .topic import TOPIC
from .visit import VISIT, Visit

VISITED = "research.units_visited"

COUNTED = (
    Counted(TOPIC, parts(NAME, FIGURES, loop.counted)),
    Counted(VISIT, one("research.visits")),
    Counted(MEASURE, parts(NAME, FIGURES, measure.counted)),
)


def visited(state: Visit, campaigns: Iterable[Period]) -> set[Reached]:
    """The campaign in which a visit reaches what was visited."""
    if visiting(state) is None or state.kind == "other":
        return set()
    key = f"{VISITED}.{state.kind}@campaign"
    return reached([key], state.counts_as, state.day, campaigns, place_id_of(state))


DISTINCT = (Distinct(VISITED, VISIT, visited, PLACE),)
