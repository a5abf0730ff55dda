"""Which events may be applied now: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as some

from services.kernel.journal.order import Record, record_of, sort_out
from services.kernel.message.event import Event, new_id

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def happened(subject: str, n: int) -> Event:
    return Event(
        id=new_id(),
        source="/test/jars",
        type="shengzhi.jars.jar.changed.v1",
        subject=subject,
        time=NOW,
        aggregateversion=n,
        recorded=NOW,
        unit="U1",
        actor="u1",
        day=date(2026, 3, 2),
        data={},
    )


def test_what_has_no_place_in_an_order_is_always_ready() -> None:
    """Watermarks and tallies tell of the journal, not of a record."""
    mark = happened("jars", 0)
    assert sort_out([mark], {}) == ([mark], [], {})


def test_a_gap_makes_what_follows_wait() -> None:
    """The third before the second is too early; the fourth too; the first has been applied."""
    first, third, fourth = (happened("j", n) for n in (1, 3, 4))
    ready, early, reached = sort_out([third, first, fourth], {("jars", "j"): 1})
    assert (ready, early, reached) == ([], [third, fourth], {})


arrivals = some.lists(some.tuples(some.sampled_from("abc"), some.integers(1, 6)), max_size=40)


@given(arrivals=arrivals, cuts=some.lists(some.integers(1, 6), max_size=20))
def test_whatever_comes_each_record_is_applied_from_one_with_nothing_missing(
    arrivals: list[tuple[str, int]], cuts: list[int]
) -> None:
    """In batches of any size, with repeats and gaps: what is applied of a record is 1, 2, 3 …, and all that can be."""
    applied: dict[Record, list[int]] = {}
    positions: dict[Record, int] = {}
    waiting: list[Event] = []
    left = [happened(subject, n) for subject, n in arrivals]
    for size in [*cuts, 100]:
        batch, left = [*waiting, *left[:size]], left[size:]
        ready, waiting, reached = sort_out(batch, positions)
        positions |= reached
        for event in ready:
            applied.setdefault(record_of(event), []).append(event.aggregateversion)
    for subject in "abc":
        came = {n for of, n in arrivals if of == subject}
        whole = next(n for n in range(1, 9) if n not in came) - 1
        assert applied.get(("jars", subject), []) == list(range(1, whole + 1))
