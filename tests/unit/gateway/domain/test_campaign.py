"""The rules of a campaign."""

from datetime import date

import pytest
from pydantic import ValidationError

from services.gateway.domain import CAMPAIGN
from services.gateway.domain.campaign import PlaceCampaign
from services.kernel.message.errors import DomainError
from services.organisation.contract import OpenCampaign, PlanSubmissions, SubmissionRule
from tests.unit.gateway.owners import NOW

ASKED = OpenCampaign(id="C2026", name="主题教育", opens=date(2026, 2, 1), closes=date(2026, 10, 31))
Known = dict[str, tuple[date, date]]


def place(known: Known | None = None) -> PlaceCampaign:
    return PlaceCampaign(campaign=ASKED, unit="P", known=known or {})


def test_a_campaign_is_opened_once() -> None:
    """Said again it is no news; said otherwise it is refused."""
    (told,) = CAMPAIGN.decide(None, place(), NOW)
    state = CAMPAIGN.evolve(None, told)
    assert (state.opens, state.closes) == (ASKED.opens, ASKED.closes)
    assert CAMPAIGN.decide(state, place(), NOW) == []
    other = place().model_copy(update={"campaign": ASKED.model_copy(update={"name": "另一次"})})
    with pytest.raises(DomainError) as refused:
        CAMPAIGN.decide(state, other, NOW)
    assert refused.value.code == "campaign.id_taken"


@pytest.mark.parametrize(
    ("opens", "closes"), [("2026-10-31", "2027-01-01"), ("2025-01-01", "2026-02-01"), ("2026-03-01", "2026-03-02")]
)
def test_campaigns_do_not_overlap(opens: str, closes: str) -> None:
    """A day in two campaigns would count in either; one may follow another the next day."""
    known = {"C1": (date.fromisoformat(opens), date.fromisoformat(closes))}
    with pytest.raises(DomainError) as refused:
        CAMPAIGN.decide(None, place(known), NOW)
    assert refused.value.code == "campaign.overlaps"
    assert CAMPAIGN.decide(None, place({"C1": (date(2025, 1, 1), date(2026, 1, 31))}), NOW)


def test_a_campaign_does_not_end_before_it_begins() -> None:
    """The order of its days is part of the contract."""
    with pytest.raises(ValidationError, match="结束日期早于开始日期"):
        OpenCampaign(id="C1", name="主题教育", opens=date(2026, 2, 2), closes=date(2026, 2, 1))


@pytest.mark.parametrize(
    "days",
    [
        [("2026-01-31", "2026-03-01")],
        [("2026-03-01", "2026-11-01")],
        [("2026-03-02", "2026-03-01")],
        [("2026-06-01", "2026-07-01"), ("2026-02-01", "2026-03-01")],
        [("2026-02-01", "2026-03-01"), ("2026-03-01", "2026-04-01")],
    ],
)
def test_phases_follow_one_another_within_the_campaign(days: list[tuple[str, str]]) -> None:
    """None begins before the campaign or ends after it, and no day lies in two."""
    told = ASKED.model_dump(mode="json")
    phases = [{"name": "阶段", "first": first, "last": last} for first, last in days]
    with pytest.raises(ValidationError, match="互不重叠"):
        OpenCampaign(**{**told, "phases": phases})
    right = [{"name": "一", "first": "2026-02-01", "last": "2026-05-31"}]
    right.append({"name": "二", "first": "2026-06-01", "last": "2026-10-31"})
    (opened,) = CAMPAIGN.decide(
        None, place().model_copy(update={"campaign": OpenCampaign(**told | {"phases": right})}), NOW
    )
    assert [phase.name for phase in CAMPAIGN.evolve(None, opened).phases] == ["一", "二"]


MONTHS = SubmissionRule(months=["2026-02", "2026-10"])


def test_months_to_be_submitted_are_set_with_a_campaign_or_later() -> None:
    """The same said again is no news."""
    (opened,) = CAMPAIGN.decide(None, place(), NOW)
    state = CAMPAIGN.evolve(None, opened)
    asked = PlanSubmissions(id="C2026", rule=MONTHS, reason="省委部署")
    (told,) = CAMPAIGN.decide(state, asked, NOW)
    state = CAMPAIGN.evolve(state, told)
    assert state.submissions == MONTHS
    assert CAMPAIGN.decide(state, asked, NOW) == []
    with pytest.raises(DomainError) as refused:
        CAMPAIGN.decide(None, asked, NOW)
    assert refused.value.code == "campaign.not_found"


@pytest.mark.parametrize("month", ["2026-01", "2026-11"])
def test_a_month_outside_the_campaign_is_not_submitted(month: str) -> None:
    """Neither when it is opened nor later."""
    rule = SubmissionRule(months=[month])
    (opened,) = CAMPAIGN.decide(None, place(), NOW)
    with_rule = place().model_copy(update={"campaign": ASKED.model_copy(update={"submissions": rule})})
    for state, asked in (
        (None, with_rule),
        (CAMPAIGN.evolve(None, opened), PlanSubmissions(id="C2026", rule=rule, reason="省委部署")),
    ):
        with pytest.raises(DomainError) as refused:
            CAMPAIGN.decide(state, asked, NOW)
        assert refused.value.code == "campaign.month_outside"
