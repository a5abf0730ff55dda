"""Campaigns: the spans of days in which records lie."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from services.kernel.event import Command, Payload

from .words import EXAMPLE_UNIT, Name, UnitId


class OpenCampaign(Command):
    """Open a campaign; every record's day lies in one."""

    id: UnitId
    name: Name
    opens: date
    closes: date
    requirement: str = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes < self.opens:
            raise ValueError("结束日期早于开始日期")
        return self


class CampaignOpened(Payload):
    """A campaign was opened."""

    type: ClassVar[str] = "campaign.opened.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "name": "主题教育",
            "opens": "2026-02-01",
            "closes": "2026-10-31",
            "requirement": "学思想、强党性",
        }
    ]
    name: str
    opens: date
    closes: date
    requirement: str = ""
