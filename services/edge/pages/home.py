"""What waits for each role today: asked of the services at once, each in a page of its own list."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.organisation.contract import ROLES
from services.organisation.contract.permissions import EVERYWHERE

from ..gate import Gate, Principal
from ..http_api import study_plans
from ..http_api.auth import Gated
from . import lined, submitting, words
from .entry import ENTRIES
from .records import listed, unit_names
from .screens import SHEETS, Reader, Screen, can, home_of, screen
from .sheets import ways_of

router = APIRouter(include_in_schema=False, route_class=Screen)
RECENT = 5


@dataclass(frozen=True)
class Waiting:
    """Records that wait for whoever may do the action: a kind, and the filter of its list."""

    text: str
    action: Action
    kind: str
    asked: tuple[tuple[str, str], ...]


WAITING = (
    Waiting("学习活动待报送", Action.write_study, "session", (("state", "held"),)),
    Waiting("学习活动被退回，待改正", Action.write_study, "session", (("state", "returned"),)),
    Waiting("调研方案待审批", Action.approve_research, "topic", (("outline", "submitted"),)),
    Waiting("转化措施待销号", Action.approve_research, "measure", (("state", "submitted"),)),
    Waiting("转化措施已超期", Action.write_research, "measure", (("overdue", "true"),)),
    Waiting("联学结对被退回，待改正", Action.write_study, "pair", (("state", "returned"),)),
    Waiting("联学活动被退回，待改正", Action.write_study, "activity", (("state", "returned"),)),
    Waiting("参赛作品被退回，待改正", Action.write_study, "entry", (("state", "returned"),)),
    Waiting("比赛评审中，待结束", Action.write_study, "contest", (("state", "scoring"),)),
    Waiting("比赛结果待公布", Action.write_study, "contest", (("state", "closed"),)),
    Waiting("通知单待签收", Action.acknowledge_notices, "receipt", (("state", "sent"),)),
    Waiting("通知单有新版，待重新签收", Action.acknowledge_notices, "receipt", (("state", "outdated"),)),
    Waiting("工单待分类", Action.dispatch_tickets, "ticket", (("state", "registered"),)),
    Waiting("工单待派单", Action.dispatch_tickets, "ticket", (("state", "classified"),)),
    Waiting("工单待签收", Action.handle_tickets, "ticket", (("state", "dispatched"),)),
    Waiting("工单待答复", Action.handle_tickets, "ticket", (("state", "signed"),)),
    Waiting("工单待回访", Action.call_back_tickets, "ticket", (("state", "answered"),)),
    Waiting("工单待办结", Action.call_back_tickets, "ticket", (("state", "called_back"),)),
)


_FOLLOWED = (Action.supervise_study, Action.acknowledge_notices)
"""Who is told which units are behind: those who supervise, and the branch itself."""
RECENTLY = {"session": Action.read_study, "topic": Action.read_research, "ticket": Action.read_tickets}
"""The records of which the latest are shown, and who may see them."""


@router.get("/")
async def home(request: Request, reader: Reader, gate: Gated) -> Response:
    """What waits, the unit's report, its latest records, and the ways in."""
    shown = [kind for kind, action in RECENTLY.items() if can(reader, action)]
    waits = [
        (
            some.text,
            f"/records/{some.kind}?{urlencode(some.asked)}",
            _answered(listed(some.kind, request, reader, gate, page_size=1, **dict(some.asked))),
        )
        for some in WAITING
        if can(reader, some.action)
    ]
    if can(reader, *_FOLLOWED):
        behind = study_plans.list_behind(request, reader, gate, None, 1, 1)
        waits.append(("进度落后", "/standings", _answered(behind)))
    latest = [_answered(listed(kind, request, reader, gate, page_size=RECENT)) for kind in shown]
    found = await asyncio.gather(*(asking for _, _, asking in waits), *latest)
    waiting = [
        {"text": text, "total": page["total"], "more": page["more_than"], "href": href}
        for (text, href, _), page in zip(waits, found, strict=False)
        if page is not None and page["total"]
    ]
    waiting = await submitting.waiting(gate, reader) + waiting
    recent = [
        {"kind": kind, "name": words.RECORDS[kind], "items": None if page is None else page["items"]}
        for kind, page in zip(shown, found[len(waits) :], strict=True)
    ]
    return screen(
        request,
        "home.html",
        roles=await _roles(gate, reader),
        waiting=waiting,
        unanswered=None in found[: len(waits)],
        recent=recent,
        report=home_of(reader) if can(reader, Action.read_figures) else None,
        sheets=ways_of(reader) if can(reader, *SHEETS) else [],
        entries=[
            *((kind, f"登记{words.RECORDS[kind]}") for kind, entry in ENTRIES.items() if can(reader, entry.action)),
            *([("plan", lined.NEW.title)] if can(reader, lined.NEW.action) else []),
        ],
        state_of=words.state_of,
    )


async def _roles(gate: Gate, reader: Principal) -> list[str]:
    names = await unit_names(gate, (unit for _, unit in reader.roles if unit != EVERYWHERE))
    return [
        f"{'全平台' if unit == EVERYWHERE else names.get(unit, unit)} · {ROLES[role]}" for role, unit in reader.roles
    ]


async def _answered(asking: Coroutine[Any, Any, Any]) -> dict[str, Any] | None:
    """A page of a list; None while its service does not answer, which must not keep the rest from being shown."""
    try:
        return dict(await asking)
    except DomainError as refusal:
        if refusal.kind not in ("unavailable", "timed_out"):
            raise
        return None
