"""What records count as they stand is what their events have added up to."""

from collections import Counter
from datetime import date

from hypothesis import given, settings

from services.cli.audit.recount import COUNTED
from services.gateway.projection import facts
from services.kernel.message.event import Period
from services.kernel.rules.recount import Place, counted_once, window_of
from services.study.contract import HoldSession, SubmitSession
from services.study.domain import SESSION
from services.study.domain.counted import COVERED, covered
from tests.unit.gateway.owners import CAMPAIGN, Owners, Step, steps


def told(owners: Owners) -> Counter[Place]:
    """The facts' contributions by key, unit and day, coverage left out."""
    sums: Counter[Place] = Counter()
    for event in owners.events:
        for key, unit, day, amount in facts(event):
            sums[key, unit, day] += amount
    return sums


@settings(max_examples=200)
@given(steps)
def test_states_count_what_their_events_add_up_to(asked: list[Step]) -> None:
    """By metric, unit and day the records as they stand and their events agree."""
    owners = Owners.after(asked)
    counted: Counter[Place] = Counter()
    for _, kind in COUNTED:
        for (name, _), state in owners.states.items():
            if name == kind.aggregate.name:
                counted.update(kind.count(state))
    from_events = {place: n for place, n in told(owners).items() if n and not place[0].startswith(COVERED)}
    assert {place: n for place, n in counted.items() if n} == from_events


@settings(max_examples=200)
@given(steps)
def test_a_unit_counts_once_in_each_window_in_which_it_is_covered(asked: list[Step]) -> None:
    """For every grain and window a unit counts once while a session of it stands, on the day of the first of these."""
    owners = Owners.after(asked)
    sessions = [state for (name, _), state in owners.states.items() if name == "session"]
    expected = counted_once(each for state in sessions for each in covered(state, [CAMPAIGN]))
    assert {place: n for place, n in told(owners).items() if n and place[0].startswith(COVERED)} == expected


def test_a_day_belongs_to_the_campaign_in_which_it_lies() -> None:
    """Of several campaigns the one around the day names the window."""
    second = Period(id="C2", first=date(2026, 11, 1), last=date(2027, 3, 31))
    owners = Owners()
    content = {"unit": "B1", "way": "branch", "form": "theme_day", "title": "学习", "due": 5}
    owners.decide("study", SESSION, "s1", HoldSession.model_validate({**content, "id": "s1", "day": "2026-11-02"}))
    owners.decide("study", SESSION, "s1", SubmitSession(id="s1"))
    windows = {name for _, name, _ in covered(owners.states["session", "s1"], [CAMPAIGN, second])}
    assert windows == {"2026-11", "2026-Q4", "2026", "C2"}
    assert window_of(f"{COVERED}@campaign", "2026-02-01", [CAMPAIGN, second]) == "C1"
    assert {name for _, name, _ in covered(owners.states["session", "s1"], [])} == {"2026-11", "2026-Q4", "2026"}
