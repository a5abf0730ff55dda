"""A campaign: the span of days in which records lie."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.errors import DomainError
from services.kernel.event import Command

from ..contract import CampaignOpened, OpenCampaign


class Campaign(BaseModel):
    """A campaign as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    name: str
    opens: date
    closes: date
    requirement: str


class PlaceCampaign(Command):
    """A campaign to be opened by a unit, and the spans of those that are known."""

    campaign: OpenCampaign
    unit: str
    known: dict[str, tuple[date, date]]


def decide(state: Campaign | None, command: PlaceCampaign, now: datetime) -> list[CampaignOpened]:
    """A new campaign that overlaps no other; the same said again is no news.

    Raises:
        DomainError: campaign.id_taken, campaign.overlaps.
    """
    asked = command.campaign
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


def evolve(state: Campaign | None, event: CampaignOpened) -> Campaign:
    """The campaign after what happened."""
    return Campaign(**event.model_dump(exclude={"day"}))


CAMPAIGN = Aggregate("campaign", Campaign, decide, evolve, lambda campaign: (campaign.unit,))
