"""Initiatives 举措、载体: their lists, and how far what is tagged by them has come."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import initiatives
from services.kernel.message.free_text import Reason
from services.organisation import contract

from .answers import Written
from .auth import Caller, Gated
from .records import for_all_units
from .reports import InSpan

router = APIRouter(prefix="/initiatives", tags=["举措"])


class NewVersion(BaseModel):
    """A list said anew, with the reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "五个聚焦",
                    "items": [{"id": "JJ-1", "name": "聚焦产业发展", "under": ["建在链上"]}],
                    "reason": "省委部署",
                }
            ]
        },
    )

    title: contract.Name
    items: list[contract.Item] = Field(max_length=60)
    reason: Reason


class Version(BaseModel):
    """What a list said from a day on, and why."""

    day: date
    items: list[contract.Item]
    reason: str


class InitiativeList(BaseModel):
    """A list: its items in force, those of earlier versions, and its versions; 0 where it is as delivered."""

    id: str
    title: str
    version: int
    items: list[contract.Item]
    retired: list[contract.Item]
    versions: list[Version]


class Lists(BaseModel):
    """All lists."""

    items: list[InitiativeList]
    total: int


class Column(BaseModel):
    """A figure whose records bear tags."""

    id: str
    name: str
    unit_of_measure: str


class TaggedItem(contract.Item):
    """An item, and what is tagged by it; each figure opens to `/figures/{id}/records?tag=`."""

    in_force: bool
    figures: dict[str, int]


class Progress(BaseModel):
    """How far what is tagged by a list's items has come, in a unit and those below it."""

    id: str
    title: str
    version: int
    unit: str
    unit_name: str
    path: list[str]
    period: dict[str, date]
    as_of: AwareDatetime | None
    columns: list[Column]
    items: list[TaggedItem]


@router.get("", summary="举措、载体清单")
async def list_initiatives(caller: Caller, gate: Gated) -> Lists:
    """Every list with its items: 十个方面举措、十大新突破、五个聚焦、载体, and what else was set."""
    gate.own(caller, Action.read_units)
    found = await initiatives.lists(gate.database)
    return Lists.model_validate({"items": found, "total": len(found)})


@router.put("/{id}", summary="修订清单")
async def set_initiatives(
    id: contract.ListId, body: NewVersion, request: Request, caller: Caller, gate: Gated
) -> Written:
    """Say a list anew. It binds every unit, so who says it reaches them all; what is left out stays on old records."""
    actor, root = await for_all_units(gate, caller, Action.set_norms)
    asked = contract.SetInitiatives(id=id, **body.model_dump())
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, [root]))


@router.get("/{id}/progress", summary="举措进展")
async def get_initiative_progress(
    id: contract.ListId,
    caller: Caller,
    gate: Gated,
    span: InSpan,
    unit: str = Query(max_length=32),
) -> Progress:
    """What is tagged by each item, figure by figure."""
    await gate.allow(caller, Action.read_figures, unit)
    found: dict[str, Any] = await initiatives.progress(gate.database, id, unit, span)
    return Progress.model_validate(found)
