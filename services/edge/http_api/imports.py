"""Spreadsheets in: read off the event loop, sent in chunks, taken whole or given back with what is wrong by row."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from services.gateway.domain import Action, may
from services.gateway.domain.password import check_password
from services.gateway.store import directory
from services.gateway.store.initiatives import known_as, not_known, tags_known
from services.kernel.message.clock import business_day, utc_now
from services.kernel.message.errors import DomainError, FieldError
from services.kernel.message.event import Actor, new_id
from services.kernel.message.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Code, tags_in
from services.kernel.sheets.outside import AT_ONCE
from services.kernel.sheets.sheet import MOST_ROWS, XLSX, RowError, Sheet, filled, template
from services.kernel.sheets.sheet_tasks import read, with_errors
from services.kernel.sheets.typed import to_wire
from services.organisation.contract import SheetWay
from services.registry import SHEET_TITLES, SHEET_WAYS
from services.research.contract import PLACE_KINDS, PlaceKind
from services.research.contract import SHEETS as RESEARCH

from ..members_known import members_known
from ..passwords import hashed
from .auth import Caller, Gate, Gated, Principal
from .errors import ANSWERS, STATUSES, problem

router = APIRouter(tags=["表格"])
CHUNK = 500
ACCEPT_SECONDS = 120.0
T = TypeVar("T")
MOST_PASSWORDS = 500
"""So many passwords are hashed for one sheet: half a minute of a core."""
_DAY = TypeAdapter[date](Day)
_KEY = TypeAdapter[str](Code)
_CODE = re.compile(r"[^\s、，,；;@×]+")


_READERS = ThreadPoolExecutor(AT_ONCE, "reader")
"""Who waits for a sheet to be read holds up no sign-in, which has threads of its own."""


async def outside(task: Callable[..., T], *told: Any) -> T:
    """Do what is done with something from outside, in its turn."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, task, *told)


def way_of(name: str, kind: str) -> tuple[SheetWay, Sheet]:
    """The way of an address, and the sheet of a kind on it.

    Raises:
        DomainError: import.kind_unknown.
    """
    way = SHEET_WAYS.get(name)
    sheet = None if way is None else way.sheets.get(kind)
    if way is None or sheet is None:
        raise DomainError("import.kind_unknown", f"没有这种表：{kind}", "not_found")
    return way, sheet


@router.get("/{area}/templates/{kind}.xlsx", summary="下载表格模板", response_class=Response, responses=ANSWERS)
async def get_template(area: str, kind: str) -> Response:
    """An empty workbook with its headers, choices and explanations."""
    _, sheet = way_of(area, kind)
    return _workbook(sheet, await asyncio.to_thread(template, sheet))


@router.get("/{area}/exports/{kind}.xlsx", summary="导出表格", response_class=Response, responses=ANSWERS)
async def get_export(
    area: str,
    kind: str,
    request: Request,
    caller: Caller,
    gate: Gated,
    unit: Annotated[str | None, Query(max_length=32, description="不填为本单位")] = None,
) -> Response:
    """The records of a unit and those below it, in the columns of the template: sent in again it changes nothing."""
    way, sheet = way_of(area, kind)
    if way.read is None:
        raise DomainError("export.kind_unknown", f"没有这种表可导出：{kind}", "not_found")
    actor = gate.own(caller, way.read) if unit is None else await gate.allow(caller, way.read, unit)
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        asked = ExportRows(kind=kind, unit=unit or actor.unit, after=after)
        found = await gate.ask(way.service, asked, actor, request.headers)
        rows.extend(found["rows"])
        after = found["after"]
        if len(rows) > MOST_ROWS:
            raise DomainError("export.too_many_rows", f"超过 {MOST_ROWS} 行，请按下级单位分别导出", "too_large")
        if after is None:
            return _workbook(sheet, await asyncio.to_thread(filled, sheet, rows))


def _workbook(sheet: Sheet, data: bytes) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(sheet.title)}.xlsx"}
    return Response(data, 200, headers, XLSX)


@router.post("/{area}/imports", status_code=202, summary="上传表格", responses=ANSWERS)
async def add_import(
    area: str,
    request: Request,
    caller: Caller,
    gate: Gated,
    kind: Annotated[str, Form(max_length=40)],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Take a sheet. 202: every row was decided and will be applied; 422: nothing was taken, each wrong row is named.

    Visible tabs with the sheet's headers are all read; where they are several, a pointer begins with its tab
    (`/tabs/二月/rows/3/absent`, else `/rows/3/absent`). `passed_over` names what is in no row: tabs of other kinds,
    columns of notes. With `Accept` of the spreadsheet type a refused sheet comes back as a workbook with a column 错误.
    """
    data = await file.read()
    imported = await take(gate, caller, area, kind, data, request.headers)
    if imported["state"] != "refused":
        return JSONResponse(imported, 202)
    places = {column.key: place for place, column in enumerate(way_of(area, kind)[1].columns)}
    errors = sorted(
        (RowError(**error) for error in imported["errors"]),
        key=lambda error: (error.tab, error.row, places.get(error.column, -1)),
    )
    if XLSX in request.headers.get("accept", ""):
        marked = await outside(with_errors, way_of(area, kind)[1], data, errors, SHEET_TITLES)
        return Response(marked, STATUSES["invalid"][0], {"X-Wrong-Rows": str(imported["wrong"])}, XLSX)
    told = [{"pointer": error.pointer, "detail": error.detail} for error in errors]
    answer = DomainError("import.refused", f"{imported['wrong']} 行有误，整表未导入", "invalid", told)  # type: ignore[arg-type]
    refused = problem(request, answer)
    refused.headers["X-Import-Id"] = imported["id"]
    return refused


@router.get("/{area}/imports/{id}", summary="导入进度")
async def get_import(area: str, id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """State, rows, applied, skipped; `recorded_until` is what a report's `as_of` must reach to have it all."""
    way = SHEET_WAYS.get(area)
    if way is None:
        raise DomainError("import.not_found", "没有这次导入", "not_found")
    actor = gate.own(caller, way.action)
    answer: dict[str, Any] = await gate.ask(way.service, GetImport(import_id=id), actor, request.headers)
    return answer


async def take(
    gate: Gate, caller: Principal, area: str, kind: str, data: bytes, headers: Mapping[str, str]
) -> dict[str, Any]:
    """Send a sheet's rows to its service and let it decide; what the service says of the import.

    Raises:
        DomainError: role.missing, file.not_a_spreadsheet and the other reasons for which no row is looked at.
    """
    way, sheet = way_of(area, kind)
    actor = gate.own(caller, way.action)
    reading = await outside(read, sheet, data, SHEET_TITLES)
    rows = reading.rows
    given = headers.get("idempotency-key")
    import_id, digest = _import_id(actor, area, kind, given), hashlib.sha256(data).hexdigest()
    if kind == "users" and (wrong := await _hash_passwords(rows)):
        return _refused(import_id, wrong)
    if kind == "units":
        await _below_the_caller(gate, caller, rows)
    if kind in ("sessions", "attendance"):
        await members_known(gate, actor, headers)
    if sheet is RESEARCH["visits"]:
        await _fill_in_visited(gate, rows)
    if wrong := await _wrong_tags(gate, rows):
        return _refused(import_id, wrong)
    allowed, named = await _allowed(gate, caller, way, sheet, rows)
    lives = await gate.directory.lives(allowed | named)
    for first in range(0, len(rows), CHUNK):
        chunk = rows[first : first + CHUNK]
        envelope = await gate.envelope(headers, actor, (), command_id=f"{import_id}/{first}")
        envelope = envelope.model_copy(
            update={
                "paths": {unit: allowed[unit] for unit in _told(chunk, sheet.units) if unit in allowed},
                "named": {unit: named[unit] for unit in _told(chunk, sheet.named) if unit in named},
                "lives": {unit: lives[unit] for unit in _told(chunk, (*sheet.units, *sheet.named)) if unit in lives},
            }
        )
        wired = [_wired(row) for row in chunk]
        asked = AddImportRows(import_id=import_id, kind=kind, first=first, digest=digest, rows=wired)
        await gate.commands.call(way.service, asked, envelope)
    envelope = await gate.envelope(headers, actor, (), command_id=import_id, seconds=ACCEPT_SECONDS)
    passed_over = [each[:200] for each in reading.passed_over[:100]]
    accept = AcceptImport(import_id=import_id, kind=kind, rows=len(rows), passed_over=passed_over)
    imported: dict[str, Any] = await gate.commands.call(way.service, accept, envelope)
    return imported


def _import_id(actor: Actor, area: str, kind: str, given: str | None) -> str:
    """The same key is the same import; the service refuses another file under it."""
    seed = f"{actor.user}\x1f{area}\x1f{kind}\x1f{given or new_id()}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]


def _refused(import_id: str, wrong: list[dict[str, Any]]) -> dict[str, Any]:
    """An import of which the edge knows already that it cannot be taken."""
    return {
        "id": import_id,
        "state": "refused",
        "errors": wrong,
        "wrong": len({(each.get("tab", ""), each["row"]) for each in wrong}),
    }


async def _hash_passwords(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Passwords leave this process as argon2 hashes alone; what is wrong with them is said here.

    Raises:
        DomainError: file.too_many_passwords.
    """
    given = [row for row in rows if row.get("password")]
    if len(given) > MOST_PASSWORDS:
        detail = f"一次最多为 {MOST_PASSWORDS} 个账号设置密码，此表有 {len(given)} 个，请分开报送"
        raise DomainError("file.too_many_passwords", detail, "too_large", [{"pointer": "/file", "detail": detail}])
    wrong: list[dict[str, Any]] = []
    for row in given:
        password = _text(row["password"])
        try:
            check_password(password, _text(row.get("id")))
        except DomainError as weak:
            wrong.append(
                {
                    "tab": row.get("_tab", ""),
                    "row": row["_row"],
                    "column": "password",
                    "code": weak.code,
                    "detail": weak.detail,
                }
            )
            continue
        row["password"] = await hashed(password)
    return wrong


async def _allowed(
    gate: Gate, caller: Principal, way: SheetWay, sheet: Sheet, rows: Sequence[dict[str, Any]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """With their paths: the units of the rows on which the caller may do this, and those that are named beside."""
    acted, named = _told(rows, sheet.units), _told(rows, sheet.named)
    found = await directory.paths(gate.database, acted | named)
    allowed = {unit for unit in acted & found.keys() if may(caller.roles, way.action, found[unit]) is not None}
    return {unit: found[unit] for unit in allowed}, {unit: found[unit] for unit in named & found.keys()}


def _told(rows: Iterable[dict[str, Any]], columns: Iterable[str]) -> set[str]:
    """What may be the codes of units in these columns, of which a cell may name several."""
    keys = list(columns)
    return {code for row in rows for key in keys for code in _CODE.findall(_code(row.get(key)))}


async def _wrong_tags(gate: Gate, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is wrong in the rows' tags, which become those of the lists in whatever spelling they were typed; what is in
    force no more may stand on a record that is there already.
    """
    told = [row for row in rows if isinstance(row.get("tags"), str) and row["tags"]]
    known = await tags_known(gate.database, new=False) if told else set()
    wrong: list[dict[str, Any]] = []
    for row in told:
        found = {tag: known_as(tag, known) for tag in tags_in(row["tags"])}
        place = {"row": row["_row"], "tab": row.get("_tab", ""), "column": "tags", "code": "tag.unknown"}
        wrong += [{**place, "detail": not_known(tag)} for tag, item in found.items() if item is None]
        row["tags"] = "、".join(item or tag for tag, item in found.items())
    return wrong


async def _fill_in_visited(gate: Gate, rows: Sequence[dict[str, Any]]) -> None:
    """What the tree knows of the units visited, so that nobody types it."""
    visits = [(_code(row.get("visited")), _day(row.get("day"))) for row in rows]
    found = await directory.standings(gate.database, visits)
    for row, visit in zip(rows, visits, strict=True):
        if (known := found.get(visit)) is not None:
            row["counts_as"], row["kind"] = known[0], PLACE_KINDS[PlaceKind(known[1])]


def _day(cell: Any) -> date:
    """The day in a cell; today for what is none, which the row will be refused for."""
    try:
        return _DAY.validate_python(cell)
    except ValidationError:
        return business_day(utc_now())


async def _below_the_caller(gate: Gate, caller: Principal, rows: Sequence[dict[str, Any]]) -> None:
    """Units of a sheet go below units that the caller manages, or below others of the sheet that do.

    Raises:
        DomainError: unit.out_of_scope, with a pointer to each row.
    """
    paths = await directory.paths(gate.database, {_code(row.get("parent")) for row in rows})
    mine: set[str] = set()
    wrong: list[FieldError] = []
    for row in rows:
        id, parent = _code(row.get("id")), _code(row.get("parent"))
        if parent in mine or may(caller.roles, Action.manage_units, paths.get(parent, ())) is not None:
            mine.add(id)
        elif parent in paths or not parent:
            detail = f"上级单位 {parent} 不在您的权限范围内" if parent else "您不能登记最高一级单位"
            wrong.append(
                {"pointer": RowError(row["_row"], "parent", "", "", row.get("_tab", "")).pointer, "detail": detail}
            )
    if wrong:
        raise DomainError("unit.out_of_scope", wrong[0]["detail"], "forbidden", wrong[:1000])


def _code(value: Any) -> str:
    """A unit's code as the row model will read it; empty for what is none, for which the row will be refused."""
    try:
        return str(_KEY.validate_python(value))
    except ValidationError:
        return ""


def _text(value: Any) -> str:
    """What was typed as text: one of digits alone comes out of a cell as a number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, str | int) else ""


def _wired(row: dict[str, Any]) -> dict[str, Any]:
    return {key: to_wire(value) for key, value in row.items()}
