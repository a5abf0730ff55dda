"""A campaign: a window of figures and plans, and no border of records."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract import (
    CampaignOpened,
    OpenCampaign,
    Phase,
    PlanSubmissions,
    SubmissionRule,
    SubmissionsPlanned,
)

from .period import days_of


class Campaign(BaseModel):
    """A campaign as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    name: str
    opens: date
    closes: date
    requirement: str
    phases: list[Phase] = []
    submissions: SubmissionRule | None = None


class PlaceCampaign(Command):
    """A campaign to be opened by a unit, and the spans of those that are known."""

    campaign: OpenCampaign
    unit: str
    known: dict[str, tuple[date, date]]


def decide(
    state: Campaign | None, command: PlaceCampaign | PlanSubmissions, now: datetime
) -> list[CampaignOpened] | list[SubmissionsPlanned]:
    """A new campaign that overlaps no other, or other months to be submitted; the same said again is no news.

    Raises:
        DomainError: campaign.id_taken, campaign.overlaps, campaign.not_found, campaign.month_outside.
    """
    if isinstance(command, PlanSubmissions):
        return _plan(state, command)
    asked = command.campaign
    _within(asked.submissions, asked.opens, asked.closes, "/submissions/months")
    told = CampaignOpened(unit=command.unit, day=asked.opens, **asked.model_dump(exclude={"id"}))
    if state is not None:
        if evolve(None, told) == state:
            return []
        detail = f"活动编码 {asked.id} 已用于另一次活动"
        raise DomainError("campaign.id_taken", detail, "conflict", [{"pointer": "/id", "detail": detail}])
    for other, (opens, closes) in command.known.items():
        if opens <= asked.closes and asked.opens <= closes:
            detail = f"与活动 {other}（{opens} 至 {closes}）日期重叠"
            raise DomainError("campaign.overlaps", detail, "conflict", [{"pointer": "/opens", "detail": detail}])
    return [told]


def _plan(state: Campaign | None, command: PlanSubmissions) -> list[SubmissionsPlanned]:
    if state is None:
        raise DomainError("campaign.not_found", f"没有活动 {command.id}", "not_found")
    _within(command.rule, state.opens, state.closes, "/rule/months")
    if command.rule == state.submissions:
        return []
    return [SubmissionsPlanned(unit=state.unit, day=state.opens, rule=command.rule, reason=command.reason)]


def _within(rule: SubmissionRule | None, opens: date, closes: date, pointer: str) -> None:
    for month in rule.months if rule else ():
        first, last = days_of(month)
        if last < opens or closes < first:
            detail = f"要上报的月份 {month} 不在活动期（{opens} 至 {closes}）内"
            raise DomainError("campaign.month_outside", detail, errors=[{"pointer": pointer, "detail": detail}])


def evolve(state: Campaign | None, event: CampaignOpened | SubmissionsPlanned) -> Campaign:
    """The campaign after what happened."""
    if isinstance(event, SubmissionsPlanned):
        if state is None:
            raise TypeError("no campaign was opened yet")
        return state.model_copy(update={"submissions": event.rule})
    return Campaign(**event.model_dump(exclude={"day"}))


CAMPAIGN = Aggregate("campaign", Campaign, decide, evolve, lambda campaign: (campaign.unit,))
