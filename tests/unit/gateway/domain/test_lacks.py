"""What is missing of a month."""

import pytest

from services.gateway.domain.lacks import RULES, lacks
from services.gateway.projection import METRICS

NOTHING = dict.fromkeys(METRICS, 0)


def test_nothing_is_missing_where_nothing_was_due() -> None:
    """A month in which nothing was due needs no word, and a count that is null is no lack."""
    assert lacks(NOTHING) == []
    assert lacks(dict.fromkeys(METRICS)) == []


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"study.notice_items.due": 3, "study.notice_items.done": 2, "study.sessions.branch": 1}, ["items_behind"]),
        ({"study.notice_items.due": 3, "study.notice_items.done": 3}, ["sessions_none"]),
        ({"study.members_due": 20}, ["members_none"]),
        ({"study.members_due": 20, "study.members_covered": 1}, []),
        ({"study.units_due": 4}, ["units_none"]),
        ({"study.attendance.absent": 2}, ["members_absent"]),
        ({"hotline.overdue": 2}, ["overdue_tickets"]),
    ],
)
def test_what_was_due_and_did_not_come_is_missing(values: dict[str, int], keys: list[str]) -> None:
    """By a notice, a list of members or units, or a time limit; said with its number."""
    found = lacks({**NOTHING, **values})
    assert [lack.key for lack in found] == keys
    assert all(any(digit in lack.text for digit in "0123456789") for lack in found)


def test_every_lack_opens_to_a_figure() -> None:
    """The figure that it names is in the catalogue."""
    assert {rule.figure for rule in RULES} <= METRICS.keys()
