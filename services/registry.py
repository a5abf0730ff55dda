"""The services, a row each: the only list of them. Whoever works on all of them reads it here.

It holds contracts alone, so that it may be read by whoever stands above the services: the command line collects their
rules and recounts by the row's `package`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.hotline import contract as hotline
from services.kernel.resource import Resource
from services.kernel.rules.figures import Metric, Rate
from services.kernel.sheets.sheet import Sheet
from services.organisation import contract as organisation
from services.organisation.contract.sheet_ways import SheetWay
from services.research import contract as research
from services.study import contract as study


class Contract(Protocol):
    """What every contract exports, beside its commands, queries and events."""

    NAME: str
    SHEETS: dict[str, Sheet]
    SHEET_WAYS: dict[str, SheetWay]
    FIGURES: tuple[Metric, ...]
    RATES: tuple[Rate, ...]

    @property
    def RESOURCES(self) -> tuple[Resource, ...]:  # noqa: N802  # a module's constant
        """Its kinds of records, described."""


@dataclass(frozen=True)
class Service:
    """A service: `services.<package>` has its rules and its worker, which is started by that name.

    `source` names its exchange, its queues and its database. The organisation's records are kept by the gateway's
    worker, and their source stays `gateway`. `title` is what figures are grouped under whose ids begin with `figures`.
    """

    package: str
    title: str
    contract: Contract
    figures: str

    @property
    def source(self) -> str:
        """Who its events say that they come from."""
        return self.contract.NAME


SERVICES = (
    Service("study", "理论学习", study, "study"),
    Service("research", "调查研究", research, "research"),
    Service("hotline", "民声热线", hotline, "hotline"),
    Service("gateway", "月度上报", organisation, "report"),
)

SOURCES = tuple(service.source for service in SERVICES)
"""Whose events the projection takes; an event that nobody takes would stay unpublished."""

SHEET_WAYS = {address: way for service in SERVICES for address, way in service.contract.SHEET_WAYS.items()}
"""By the address that sheets are sent to."""

SHEET_TITLES = frozenset(sheet.title for way in SHEET_WAYS.values() for sheet in way.sheets.values())
"""Sheets of several kinds may stand in one workbook: each import reads its own."""
