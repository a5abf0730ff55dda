"""What waits for each role today: asked of the services at once, each in a page of its own list."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.organisation.contract import ROLES
from services.organisation.contract.permissions import EVERYWHERE

from ..gate import Gate, Principal
from ..http_api import contests, study_plans
from ..http_api.auth import Gated
from ..resources import RESOURCES
from . import line_forms, submitting
from .kinds import listed
from .navigation import SHEETS
from .records import unit_names
from .screens import Reader, Screen, can, home_of, screen
from .sheets import ways_of

router = APIRouter(include_in_schema=False, route_class=Screen)
RECENT = 5


_FOLLOWED = (Action.supervise_study, Action.acknowledge_notices)
"""Who is told which units are behind: those who supervise, and the branch itself."""
RECENTLY = ("session", "topic", "ticket")
"""The records of which the latest are shown."""


@router.get("/")
async def home(request: Request, reader: Reader, gate: Gated) -> Response:
    """What waits, the unit's report, its latest records, and the ways in."""
    shown = [kind for kind in RECENTLY if can(reader, Action(RESOURCES[kind].read))]
    waits = [
        (
            some.text,
            f"/records/{resource.kind}?{urlencode(some.asked)}",
            _answered(listed(resource, request, reader, gate, page_size=1, **some.asked)),
        )
        for resource in RESOURCES.values()
        for some in resource.waiting
        if can(reader, Action(some.action))
    ]
    if can(reader, Action.score_entries):
        asked = contests.Judging(page=1, page_size=1, waiting=True)
        waits.append(("参赛作品待评分", "/judging", _answered(contests.list_judging(request, reader, gate, asked))))
    if can(reader, *_FOLLOWED):
        behind = study_plans.list_behind(request, reader, gate, None, 1, 1)
        waits.append(("进度落后", "/standings", _answered(behind)))
    latest = [_answered(listed(RESOURCES[kind], request, reader, gate, page_size=RECENT)) for kind in shown]
    found = await asyncio.gather(*(asking for _, _, asking in waits), *latest)
    waiting = [
        {"text": text, "total": page["total"], "more": page["more_than"], "href": href}
        for (text, href, _), page in zip(waits, found, strict=False)
        if page is not None and page["total"]
    ]
    waiting = await submitting.waiting(gate, reader) + waiting
    recent = [
        {"kind": kind, "name": RESOURCES[kind].title, "items": None if page is None else page["items"]}
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
            *(
                (each.kind, f"登记{each.title}")
                for each in RESOURCES.values()
                if each.add is not None and each.add.form and can(reader, Action(each.write))
            ),
            *([("plan", line_forms.NEW.title)] if can(reader, line_forms.NEW.action) else []),
        ],
        state_of=lambda kind, state: RESOURCES[kind].states.get(state, state),
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
