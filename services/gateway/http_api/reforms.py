"""Units over time 机构改革: renamed, moved, merged, split, abolished from a day on, and what has become of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.kernel.event import Command

from .. import contract
from ..domain import Action
from ..gate import Gate, Principal
from ..store import place
from .answers import Written
from .auth import Caller, Gated

router = APIRouter(tags=["组织"])


def _example(**said: Any) -> ConfigDict:
    told = {"day": "2026-06-01", "basis": "示例编〔2026〕12号", **said}
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [told]})


class Effective(BaseModel):
    """From which day on, and by which document."""

    model_config = ConfigDict(extra="forbid")

    day: date = Field(description="生效日期，不晚于今天")
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
async def rename_unit(id: str, body: Renaming, request: Request, caller: Caller, gate: Gated) -> Written:
    """Reports of earlier days call it as before."""
    return await _change(contract.RenameUnit(id=id, **body.model_dump()), [], request, caller, gate)


@router.post("/units/{id}/moves", status_code=201, summary="单位划转")
async def move_unit(id: str, body: Move, request: Request, caller: Caller, gate: Gated) -> Written:
    """With all that lies below it. Figures of earlier days stay where they are."""
    return await _change(contract.MoveUnit(id=id, **body.model_dump()), [body.parent], request, caller, gate)


@router.post("/units/{id}/mergers", status_code=201, summary="其他单位并入本单位")
async def merge_units(id: str, body: Merger, request: Request, caller: Caller, gate: Gated) -> Written:
    """What lies below them moves here, their members are transferred, they are no more."""
    return await _change(contract.MergeUnits(id=id, **body.model_dump()), body.units, request, caller, gate)


@router.post("/units/{id}/splits", status_code=201, summary="从本单位析出新单位")
async def split_unit(id: str, body: Split, request: Request, caller: Caller, gate: Gated) -> Written:
    """The new units stand beside it; what goes with none of them stays."""
    return await _change(contract.SplitUnit(id=id, **body.model_dump()), [], request, caller, gate)


@router.post("/units/{id}/abolition", status_code=201, summary="撤销单位")
async def abolish_unit(id: str, body: Abolition, request: Request, caller: Caller, gate: Gated) -> Written:
    """Refused while units, members, months to be submitted or open items are left."""
    return await _change(contract.AbolishUnit(id=id, **body.model_dump()), [], request, caller, gate)


async def _change(asked: Command, others: Iterable[str], request: Request, caller: Principal, gate: Gate) -> Written:
    """A change reaches only units in the reach of one role of the caller's."""
    id = str(getattr(asked, "id", ""))
    actor = await gate.allow(caller, Action.manage_units, id, "id")
    for other in others:
        await gate.allow(caller, Action.manage_units, other)
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, [id, *others]))
