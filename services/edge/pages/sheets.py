"""Spreadsheets in: templates to download, sheets to send, and what is wrong in each row of a refused one."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from services.kernel.message.errors import DomainError
from services.kernel.message.import_rows import GetImport
from services.kernel.sheets.sheet import XLSX, RowError
from services.kernel.sheets.sheet_tasks import with_errors
from services.organisation.contract.permissions import PERMISSIONS
from services.registry import SHEET_TITLES, SHEET_WAYS

from ..gate import Principal
from ..http_api import imports
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from .screens import Reader, Screen, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
MOST_SHOWN = 200


def ways_of(reader: Principal) -> list[dict[str, str]]:
    """The sheets that somebody may send."""
    held = {role for role, _ in reader.roles}
    return [
        {"area": area, "kind": kind, "title": sheet.title}
        for area, way in SHEET_WAYS.items()
        if held & PERMISSIONS[way.action]
        for kind, sheet in way.sheets.items()
    ]


@router.get("/imports")
async def imports_page(request: Request, reader: Reader) -> Response:
    """Templates to download and sheets to send."""
    return _page(request, reader)


@router.post("/imports")
async def import_sheet(
    request: Request,
    reader: Reader,
    gate: Gated,
    area: Annotated[str, Form(max_length=40)],
    kind: Annotated[str, Form(max_length=40)],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Take a sheet, or say in each row what is wrong and give it back marked."""
    data = await file.read()
    try:
        imported = await imports.take(gate, reader, area, kind, data, request.headers)
    except DomainError as refusal:
        if refusal.kind == "unauthenticated":
            raise
        return _page(request, reader, STATUSES[refusal.kind][0], refusal=refusal)
    if imported["state"] != "refused":
        return RedirectResponse(f"/imports/{area}/{imported['id']}", 303)
    _, sheet = imports.way_of(area, kind)
    errors = [RowError(**error) for error in imported["errors"]]
    marked = await imports.outside(with_errors, sheet, data, errors, SHEET_TITLES)
    wrong = DomainError("import.refused", f"“{file.filename}”有 {imported['wrong']} 行有误，整表没有导入")
    return _page(
        request,
        reader,
        STATUSES["invalid"][0],
        refusal=wrong,
        errors=[
            {"tab": error.tab, "row": error.row, "header": sheet.header(error.column), "detail": error.detail}
            for error in errors[:MOST_SHOWN]
        ],
        all_errors=len(errors),
        marked=f"data:{XLSX};base64,{base64.b64encode(marked).decode()}",
        marked_name=f"标错-{(file.filename or sheet.title).rsplit('.', 1)[0]}.xlsx",
    )


@router.get("/imports/{area}/{id}")
async def import_view(area: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """How far an accepted sheet has come."""
    way = SHEET_WAYS.get(area)
    if way is None:
        raise DomainError("import.not_found", "没有这次导入", "not_found")
    actor = gate.own(reader, way.action)
    found = await gate.ask(way.service, GetImport(import_id=id), actor, request.headers)
    return screen(request, "import.html", found=found, sheet=way.sheets[found["kind"]].title)


def _page(request: Request, reader: Principal, status: int = 200, **shown: Any) -> Response:
    given = {"refusal": None, "errors": [], "all_errors": 0, "marked": None, "marked_name": None, **shown}
    return screen(request, "imports.html", status, sheets=ways_of(reader), **given)
