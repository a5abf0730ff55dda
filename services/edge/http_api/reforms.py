"""Units over time 机构改革: renamed, moved, merged, split, abolished from a day on, and what has become of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import place
from services.hotline import contract as hotline
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Command
from services.kernel.message.instants import Day
from services.organisation import contract
from services.research import contract as research
from services.study import contract as study

from ..gate import Gate, Principal
from .answers import Written
from .auth import Caller, Gated

router = APIRouter(tags=["组织"])


def _example(**said: Any) -> ConfigDict:
    told = {"day": "2026-06-01", "basis": "示例编〔2026〕12号", **said}
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [told]})


class Effective(BaseModel):
    """From which day on, and by which document."""

    model_config = ConfigDict(extra="forbid")

    day: Day = Field(description="生效日期，不晚于今天")
    basis: contract.Basis = Field(description="依据的文件")


class Renaming(Effective):
    """A new name; codes that are left out stay as they are."""

    model_config = _example(name="示例省数据局", short_name="数据局")

    name: contract.Name
    short_name: contract.ShortName = ""
    credit_code: contract.CreditCode | None = None
    party_code: contract.PartyCode | None = None


class Move(Effective):
    """Another superior."""

    model_config = _example(parent="D002")

    parent: contract.UnitId


class Merger(Effective):
    """Units that go into this one."""

    model_config = _example(units=["D003"])

    units: list[contract.UnitId] = Field(min_length=1, max_length=20)


class Split(Effective):
    """Units that are made of this one, each with some of what lies below it."""

    model_config = _example(into=[{"id": "D103", "name": "示例省林业局", "children": ["D001-B02"]}])

    into: list[contract.PartUnit] = Field(min_length=1, max_length=20)


class Abolition(Effective):
    """The end of a unit of which nothing active is left."""

    model_config = _example()


class Reform(BaseModel):
    """What has become of a unit, in a sentence."""

    day: date
    kind: Literal["renamed", "moved", "merged", "split", "abolished"]
    unit: str
    told: str
    basis: str


class Reforms(BaseModel):
    """What has become of a unit and of those below it, the latest first."""

    items: list[Reform]
    total: int
    more_than: bool = Field(description="超过 total 所示的条数")
    page: int
    page_size: int


@router.get("/units/{id}/reforms", summary="机构调整记录")
async def list_reforms(
    id: str,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Reforms:
    """Renamings, moves, mergers, splits and abolitions that concern a unit."""
    await gate.allow(caller, Action.read_units, id)
    return Reforms.model_validate(await place.reforms(gate.database, id, page, page_size))


@router.post("/units/{id}/renamings", status_code=201, summary="单位更名")
async def rename_unit(id: contract.UnitId, body: Renaming, request: Request, caller: Caller, gate: Gated) -> Written:
    """Reports of earlier days call it as before."""
    return await _change(contract.RenameUnit(id=id, **body.model_dump()), [], request, caller, gate)


@router.post("/units/{id}/moves", status_code=201, summary="单位划转")
async def move_unit(id: contract.UnitId, body: Move, request: Request, caller: Caller, gate: Gated) -> Written:
    """With all that lies below it. Figures of earlier days stay where they are."""
    return await _change(contract.MoveUnit(id=id, **body.model_dump()), [body.parent], request, caller, gate)


@router.post("/units/{id}/mergers", status_code=201, summary="其他单位并入本单位")
async def merge_units(id: contract.UnitId, body: Merger, request: Request, caller: Caller, gate: Gated) -> Written:
    """What lies below them moves here, their members are transferred, they are no more."""
    return await _change(contract.MergeUnits(id=id, **body.model_dump()), body.units, request, caller, gate)


@router.post("/units/{id}/splits", status_code=201, summary="从本单位析出新单位")
async def split_unit(id: contract.UnitId, body: Split, request: Request, caller: Caller, gate: Gated) -> Written:
    """The new units stand beside it; what goes with none of them stays."""
    return await _change(contract.SplitUnit(id=id, **body.model_dump()), [], request, caller, gate)


@router.post("/units/{id}/abolition", status_code=201, summary="撤销单位")
async def abolish_unit(id: contract.UnitId, body: Abolition, request: Request, caller: Caller, gate: Gated) -> Written:
    """Refused while units, members, months to be submitted or open items are left."""
    actor = await gate.allow(caller, Action.manage_units, id, "id")
    if left := await _unfinished(gate, actor, request, id):
        detail = f"单位尚有未办结的{'、'.join(left)}，请先办结，或改用合并"
        raise DomainError("unit.not_empty", detail, "conflict", [{"pointer": "/id", "detail": detail}])
    return await _change(contract.AbolishUnit(id=id, **body.model_dump()), [], request, caller, gate)


_DONE = {"completed", "void", "closed", "settled", "submitted", "accepted"}
_ASKED_MEASURES = [state for state in research.MeasureState if state not in ("settled", "void")]
_OPEN: tuple[tuple[str, str, Callable[..., Command], list[Any]], ...] = (
    ("工单", "hotline", hotline.ListTickets, [state for state in hotline.TicketState if state not in _DONE]),
    ("课题", "research", research.ListTopics, [state for state in research.TopicState if state not in _DONE]),
    ("转化措施", "research", research.ListMeasures, _ASKED_MEASURES),
    ("学习活动", "study", study.ListSessions, [state for state in study.SessionState if state not in _DONE]),
)
"""What somebody still has to finish: what it is called, whose it is, how it is listed, in which states."""


async def _unfinished(gate: Gate, actor: Actor, request: Request, unit: str) -> list[str]:
    """How much of each sort is not done in a unit and below it, or with a part of theirs."""

    async def count(service: str, asked: Command) -> int:
        found = await gate.ask(service, asked, actor, request.headers, [unit])
        return int(found["total"])

    told = []
    for name, service, listing, states in _OPEN:
        asked = [listing(unit=unit, state=state, page_size=1) for state in states]
        if total := sum(await asyncio.gather(*(count(service, each) for each in asked))):
            told.append(f"{name} {total} 项")
    return told


async def _change(asked: Command, others: Iterable[str], request: Request, caller: Principal, gate: Gate) -> Written:
    """A change reaches only units in the reach of one role of the caller's."""
    id = str(getattr(asked, "id", ""))
    actor = await gate.allow(caller, Action.manage_units, id, "id")
    for other in others:
        await gate.allow(caller, Action.manage_units, other)
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, [id, *others]))
