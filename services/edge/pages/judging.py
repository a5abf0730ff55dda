"""A judge's own page, a contest's result, and one's own progress in a set of materials."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id

from ..gate import Gate, Principal
from ..http_api import contests
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..resources import one, resource_of
from .fields import Field, filled, made
from .forms import typed, with_key
from .kinds import asked_by
from .records import PAGE_SIZE, unit_names
from .screens import Reader, Screen, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
Page = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/judging")
async def waiting(request: Request, reader: Reader, gate: Gated, page: Page = 1, scored: bool = False) -> Response:
    """The entries that wait for the reader's marks, or all that are theirs to score."""
    asked = contests.Judging(page=page, page_size=PAGE_SIZE, waiting=not scored)
    found = await contests.list_judging(request, reader, gate, asked)
    pages = -(-found.total // PAGE_SIZE)
    return screen(request, "judging.html", found=found, pages=pages, scored=scored)


@router.get("/judging/{id}")
async def entry(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """One entry, with a field for each criterion."""
    return await _entry(id, request, reader, gate)


@router.post("/judging/{id}")
async def score(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Keep the marks, or say beside each what is wrong with it."""
    values = await typed(request)
    key = values.pop("key", "")
    asked = await contests.get_judging(id, request, reader, gate)
    try:
        marks = {"marks": [values.get(f"marks-{place}", "") for place in range(len(asked["criteria"]))]}
        await contests.score_entry(id, made(contests.Marks, marks), with_key(request, key), reader, gate)
    except DomainError as refusal:
        if refusal.kind in ("unauthenticated", "not_found"):
            raise
        return await _entry(id, request, reader, gate, values, refusal)
    return RedirectResponse("/judging", 303)


async def _entry(
    id: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    values: dict[str, str] | None = None,
    refusal: DomainError | None = None,
) -> Response:
    found: dict[str, Any] = await contests.get_judging(id, request, reader, gate)
    fields = {
        f"marks-{place}": Field(each["name"], "text", required=True, note=f"0 至 {each['full']} 分，可到半分", most=6)
        for place, each in enumerate(found["criteria"])
    }
    known = {f"marks-{place}": f"{mark:g}" for place, mark in enumerate(found["marks"] or [])}
    pointed = refusal and DomainError(
        refusal.code,
        refusal.detail,
        refusal.kind,
        [{**error, "pointer": error["pointer"].replace("/marks/", "/marks-")} for error in refusal.errors],
    )
    shown = filled(fields, {**known, **(values or {})}, pointed)
    status = 200 if refusal is None else STATUSES[refusal.kind][0]
    return screen(request, "score.html", status, entry=found, fields=shown, refusal=pointed, key=new_id())


@router.get("/contests/{id}/results")
async def result(id: str, request: Request, reader: Reader, gate: Gated, page: Page = 1) -> Response:
    """Entries by place, each with the scores that make it; judges are numbered."""
    found = await contests.get_result(id, request, reader, gate, contests.Paged(page=page, page_size=PAGE_SIZE))
    units = await unit_names(gate, (item["unit"] for item in found["items"]))
    pages = -(-found["total"] // PAGE_SIZE)
    return screen(request, "result.html", found=found, contest=found["contest"], units=units, pages=pages)


@router.get("/contests/{id}/awards")
async def awards(id: str, request: Request, reader: Reader, gate: Gated, page: Page = 1) -> Response:
    """The published awards: unit and title only."""
    found = await contests.list_awards(id, request, reader, gate, contests.Paged(page=page, page_size=PAGE_SIZE))
    contest = await one(asked_by(request, reader, gate), resource_of("contest"), id)
    units = await unit_names(gate, (item["unit"] for item in found.items))
    pages = -(-found.total // PAGE_SIZE)
    return screen(request, "awards.html", found=found, contest=contest, units=units, pages=pages)


@router.get("/materials/{id}/progress")
async def progress(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """What the reader has finished of a set: seen by the reader alone."""
    found = await contests.get_progress(id, request, reader, gate)
    return screen(request, "progress.html", found=found, key=new_id())


@router.post("/materials/{id}/progress")
async def keep(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Keep it."""
    form = await request.form()
    finished = [str(value) for value in form.getlist("finished")]
    keyed = with_key(request, str(form.get("key", "")))
    await contests.keep_progress(id, made(contests.Finished, {"finished": finished}), keyed, reader, gate)
    return RedirectResponse(f"/materials/{quote(id)}/progress", 303)
