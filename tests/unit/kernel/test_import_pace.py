"""Transactions of an import find the size that their machine can bear, and come back quickly from a slow moment."""

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.rules.import_pace import FEWEST_ROWS, FIRST_ROWS, MOST_ROWS, next_size

LIMIT = 4.0


def after(size: int, seconds_a_row: float, transactions: int) -> int:
    """The size after so many transactions on a machine of this speed."""
    for _ in range(transactions):
        took = size * seconds_a_row
        size = next_size(size, None if took > LIMIT else took, LIMIT)
    return size


def test_a_quick_machine_soon_applies_the_most() -> None:
    """Three transactions after it began, and four after it had come down to the fewest."""
    assert after(FIRST_ROWS, 0.001, 3) == MOST_ROWS
    assert after(FEWEST_ROWS, 0.001, 5) == MOST_ROWS


@given(st.floats(0.0001, 0.19), st.integers(FEWEST_ROWS, MOST_ROWS))
def test_every_machine_comes_to_transactions_that_are_not_cut(seconds_a_row: float, size: int) -> None:
    """Whatever the size was when the machine changed, after ten transactions none is cut off."""
    assert after(size, seconds_a_row, 10) * seconds_a_row <= LIMIT


@given(st.integers(FEWEST_ROWS, MOST_ROWS), st.one_of(st.none(), st.floats(0, LIMIT)))
def test_a_size_keeps_its_bounds(size: int, seconds: float | None) -> None:
    """Never fewer than the fewest, never more than the most."""
    assert FEWEST_ROWS <= next_size(size, seconds, LIMIT) <= MOST_ROWS
