"""Rates: a burst, then a steady stream, each caller by themselves."""

from hypothesis import given
from hypothesis import strategies as st

from services.edge import throttle as rates
from services.edge.throttle import Callers, Rates


def test_a_burst_then_as_many_a_second() -> None:
    """What five seconds would give may come at once; then so many a second, and it is said how long to wait."""
    bucket = Rates(10)
    assert [bucket.wait("a", 0) for _ in range(50)] == [0] * 50
    assert bucket.wait("a", 0) == 0.1
    assert bucket.wait("b", 0) == 0
    assert bucket.wait("a", 0.1) == 0
    assert bucket.wait("a", 0.1) > 0


@given(st.lists(st.floats(0, 10), min_size=1, max_size=300))
def test_never_more_than_the_rate_gives(instants: list[float]) -> None:
    """Whenever they come: a burst at most, and what has flowed in since."""
    bucket, instants = Rates(5), sorted(instants)
    taken = sum(bucket.wait("a", at) == 0 for at in instants)
    assert taken <= 25 + 5 * (instants[-1] - instants[0]) + 1e-6


def test_callers_are_forgotten_the_longest_silent_first() -> None:
    """Whoever makes up callers fills no memory."""
    bucket = Rates(1)
    for number in range(rates.MOST_CALLERS + 10):
        bucket.wait(str(number), 0)
    assert len(bucket._buckets) == rates.MOST_CALLERS
    assert "9" not in bucket._buckets


def test_a_token_has_a_bucket_of_its_own_once_somebody_is_known_by_it() -> None:
    """Made-up ones share their address's; one that is worth nothing any more goes back to it."""
    callers = Callers(1, 100)
    assert [callers.wait(f"made-up-{number}", "a", 0) for number in range(5)] == [0] * 5
    assert callers.wait("made-up-5", "a", 0) > 0
    assert callers.wait("known", "b", 0) == 0
    callers.keep("known")
    assert [callers.wait("known", "a", 0) for _ in range(5)] == [0] * 5
    callers.forget("known")
    assert callers.wait("known", "a", 0) > 0


def test_tokens_that_are_known_are_bounded() -> None:
    """The one that was used longest ago is forgotten; it is known again by its next request."""
    callers = Callers(1, 1)
    for number in range(rates.MOST_CALLERS + 1):
        callers.keep(str(number))
    assert len(callers._known) == rates.MOST_CALLERS
