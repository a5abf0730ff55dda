"""The fold: whatever happens, in whatever order and batches, the roll-ups are the sums of the facts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.projection import ALWAYS, HIDDEN, Line, fold
from services.hotline.contract import Channel, ClassifyTicket, Kind, RegisterTicket
from services.hotline.domain import TICKET
from services.kernel.message.event import Event
from tests.unit.gateway.owners import NOW, PATHS, Owners, Step, steps

Sums = dict[tuple[str, str], dict[str, int]]


def lines(unit: str) -> Line:
    return [(ALWAYS, PATHS[unit])]


def added(batches: Iterable[list[Event]]) -> tuple[dict[str, Any], Sums]:
    """Facts and roll-ups after the batches, as a store that knows which facts it has would hold them."""
    facts: dict[str, Any] = {}
    sums: Sums = defaultdict(Counter)
    for batch in batches:
        fresh = {event.id: event for event in batch if event.id not in facts}
        documents, increments = fold(fresh.values(), lines)
        facts |= {document["_id"]: document for document in documents}
        for place, amounts in increments.items():
            for field, amount in amounts.items():
                sums[place][field] += amount
    return facts, {place: kept for place, amounts in sums.items() if (kept := {f: n for f, n in amounts.items() if n})}


@given(steps, st.data())
def test_order_repetition_and_batching_change_nothing(asked: list[Step], data: st.DataObject) -> None:
    """The same events in any order, any number of times, in any batches, make the same facts and roll-ups."""
    events = Owners.after(asked).events
    again = data.draw(st.lists(st.sampled_from(events))) if events else []
    repeated = data.draw(st.permutations(events + again))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(repeated)), max_size=4)))
    batches = [repeated[start:end] for start, end in pairwise([0, *cuts, len(repeated)])]
    assert added(batches) == added([events])


@given(steps)
def test_rollups_are_the_sums_of_the_facts(asked: list[Step]) -> None:
    """For each unit, month, day and key the roll-up is the sum over the entries of that unit's subtree."""
    facts, sums = added([Owners.after(asked).events])
    direct: Sums = defaultdict(Counter)
    for document in facts.values():
        for entry in document["entries"]:
            for unit in PATHS:
                if unit in entry["p"].split("/"):
                    field = entry["m"].replace(".", ":")
                    direct[unit, entry["d"][:7]][f"sum.{field}"] += entry["n"]
                    direct[unit, entry["d"][:7]][f"days.{entry['d'][8:]}.{field}"] += entry["n"]
    assert sums == {p: kept for p, amounts in direct.items() if (kept := {f: n for f, n in amounts.items() if n})}


@given(steps)
def test_every_event_has_a_fact(asked: list[Step]) -> None:
    """An event that counts nothing has its fact as well, under its own id."""
    events = Owners.after(asked).events
    documents, _ = fold(events, lines)
    assert [document["_id"] for document in documents] == [event.id for event in events]


def test_the_title_of_a_report_is_hidden() -> None:
    """A report's title never reaches the figures, nor that of a ticket which turns out to be one."""
    owners = Owners()
    register = RegisterTicket(
        id="t1",
        unit="D2",
        channel=Channel.phone,
        kind=Kind.complaint,
        category="作风",
        title="反映窗口服务",
        received=NOW,
        deadline=NOW,
    )
    owners.decide("hotline", TICKET, "t1", register)
    owners.decide("hotline", TICKET, "t1", ClassifyTicket(id="t1", kind=Kind.report, category="作风"))
    owners.decide("hotline", TICKET, "t2", register.model_copy(update={"id": "t2", "kind": Kind.report}))
    owners.decide("hotline", TICKET, "t3", register.model_copy(update={"id": "t3", "confidential": True}))
    documents, _ = fold(owners.events, lines)
    assert [document["title"] for document in documents] == ["反映窗口服务", HIDDEN, HIDDEN, HIDDEN]
