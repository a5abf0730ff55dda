"""Members: whoever keeps a unit's list adds, moves and corrects; everybody sees and corrects themselves."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import ONESELF, Actor, Command
from services.kernel.message.free_text import Reason
from services.kernel.message.instants import Day
from services.kernel.sheets.sheet import XLSX, filled
from services.organisation import contract

from .answers import Moved, Page
from .auth import Caller, Gate, Gated, Principal

router = APIRouter(prefix="/members", tags=["党员"])


class Listing(BaseModel):
    """What the list can be asked by."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: str | None = Field(None, pattern="^(current|left)$")
    q: str | None = Field(None, max_length=40, description="党员编号的开头，或完整姓名")
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


class Transfer(BaseModel):
    """To which unit, from which day on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"unit": "D002-B01", "day": "2026-05-06"}]}
    )

    unit: contract.UnitId
    day: Day


class Departure(BaseModel):
    """From which day on somebody belongs to no unit here."""

    model_config = ConfigDict(extra="forbid")

    day: Day


class Correction(BaseModel):
    """What was wrong, with the reason; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: contract.PersonName | None = None
    unit: contract.UnitId | None = None
    since: Day | None = None
    user: contract.Login | None = None
    reason: contract.Why


async def themselves(gate: Gate, caller: Principal) -> str | None:
    """The number under which the caller is a member themselves, where one is noted."""
    return await directory.member_of(gate.database, caller.user)


def oneself(gate: Gate, caller: Principal) -> Actor:
    """The caller, reaching nobody but themselves."""
    return gate.own(caller, Action.see_themselves).model_copy(update={"unit": ONESELF})


@router.get("", summary="党员名册")
async def list_members(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """Members of a unit and those below it; names are masked for who is above the unit itself."""
    action = Action.manage_members
    actor = gate.own(caller, action) if asked.unit is None else await gate.allow(caller, action, asked.unit)
    listing = contract.ListMembers(**{**asked.model_dump(exclude_none=True), "unit": asked.unit or actor.unit})
    return Page.model_validate(await gate.ask("gateway", listing, actor, request.headers))


@router.post("", status_code=201, summary="登记党员")
async def add_member(body: contract.AddMember, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Put somebody on a unit's list."""
    actor = await gate.allow(caller, Action.manage_members, body.unit)
    return Moved.model_validate(await gate.ask("gateway", body, actor, request.headers, [body.unit]))


@router.get("/mine", summary="我的党员信息")
async def get_myself(request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """The caller themselves as a member."""
    known = await themselves(gate, caller)
    if known is None:
        raise DomainError("member.not_found", "您的账号没有关联党员名册，请与支部联系", "not_found")
    found: dict[str, Any] = await gate.ask(
        "gateway", contract.GetMember(id=known), oneself(gate, caller), request.headers
    )
    return found


@router.get("/workbook", summary="导出党员名册（Excel）", response_class=Response)
async def export_members(
    request: Request,
    caller: Caller,
    gate: Gated,
    reason: Annotated[Reason, Query(description="导出事由，记入访问日志")],
    unit: str | None = Query(None, max_length=32, description="不填为本单位"),
) -> Response:
    """The list as a sheet that can be sent in again; whose names were looked at, by whom and why is written down."""
    action = Action.manage_members
    actor = gate.own(caller, action) if unit is None else await gate.allow(caller, action, unit)
    asked = contract.ExportMembers(unit=unit or actor.unit, reason=reason)
    rows: list[dict[str, Any]] = []
    while True:
        found = await gate.ask("gateway", asked, actor, request.headers)
        rows += found["rows"]
        if found["after"] is None:
            break
        asked = asked.model_copy(update={"after": found["after"]})
    data = await asyncio.to_thread(filled, contract.SHEETS["members"], rows)
    return Response(data, 200, {"Content-Disposition": f"attachment; filename=members-{asked.unit}.xlsx"}, XLSX)


@router.get("/{id}", summary="党员")
async def get_member(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """One member, with the units that they belonged to."""
    return await _known(gate, caller, request, id)


@router.post("/{id}/transfers", status_code=201, summary="调动")
async def transfer_member(id: str, body: Transfer, request: Request, caller: Caller, gate: Gated) -> Moved:
    """From a day on somebody belongs to another unit; who keeps the lists of both units says so."""
    await gate.allow(caller, Action.manage_members, body.unit)
    asked = contract.TransferMember(id=id, **body.model_dump())
    return await _change(gate, caller, request, asked, Action.manage_members, [body.unit])


@router.post("/{id}/departures", status_code=201, summary="离开")
async def remove_member(id: str, body: Departure, request: Request, caller: Caller, gate: Gated) -> Moved:
    """From a day on somebody belongs to no unit here."""
    return await _change(gate, caller, request, contract.RemoveMember(id=id, day=body.day), Action.manage_members)


@router.post("/{id}/corrections", status_code=201, summary="更正")
async def correct_member(id: str, body: Correction, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say anew what was wrong. Members correct their own names themselves; the rest is said by who keeps the list."""
    asked = contract.CorrectMember(id=id, **body.model_dump())
    if id == await themselves(gate, caller) and {"name", "reason"} >= body.model_fields_set:
        return Moved.model_validate(await gate.ask("gateway", asked, oneself(gate, caller), request.headers))
    if body.unit is not None:
        await gate.allow(caller, Action.manage_members, body.unit)
    return await _change(gate, caller, request, asked, Action.manage_members, [body.unit] if body.unit else [])


async def _known(gate: Gate, caller: Principal, request: Request, id: str) -> dict[str, Any]:
    asked = contract.GetMember(id=id)
    if id == await themselves(gate, caller):
        mine: dict[str, Any] = await gate.ask("gateway", asked, oneself(gate, caller), request.headers)
        return mine
    found: dict[str, Any] = await gate.find("gateway", asked, caller, Action.manage_members, request.headers)
    return found


async def _change(
    gate: Gate, caller: Principal, request: Request, asked: Command, action: Action, units: list[str] | None = None
) -> Moved:
    known = contract.GetMember(id=str(getattr(asked, "id", "")))
    record = await gate.find("gateway", known, caller, action, request.headers)
    actor = await gate.allow(caller, action, record["unit"])
    told = await gate.ask("gateway", asked, actor, request.headers, [record["unit"], *(units or [])])
    return Moved.model_validate(told)
