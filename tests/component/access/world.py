"""A small tree with a user for every role above, at, beside and below one unit, and the services' part of access."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from pymongo import AsyncMongoClient, MongoClient

from services.edge.gate import Gate, digest
from services.edge.http_api.app import make_app
from services.edge.pages import mount
from services.gateway.domain import Submission
from services.gateway.projection import METRICS, RATES
from services.gateway.store.generation import PROJECTION
from services.gateway.store.indexes import ensure_indexes
from services.kernel.journal.store import CODEC, Document
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Envelope
from services.kernel.message.permits import check_permitted
from services.kernel.resource import may_take
from services.organisation.contract import Role, SubmissionState
from services.registry import SERVICES, SOURCES

UNIT = "U1"
PATH = ["P", "D1", UNIT]
PATHS = {"P": ["P"], "D1": ["P", "D1"], UNIT: PATH, "B1": [*PATH, "B1"], "N1": ["P", "D1", "N1"]}
PLACES = {"root": "P", "above": "D1", "inside": UNIT, "beside": "N1", "below": "B1"}
OUTSIDE, BELOW_ROOT, EVERYWHERE = ("beside", "below"), tuple(PLACES)[1:], tuple(PLACES)
"""Places at which one role may be held at once: who is refused with all of them is refused with each."""
RECORD, ACCOUNT = "X-1", "x-1"
"""A record of `UNIT`, of whatever kind it is asked for, and a user who holds a role for it."""


_PERMITS = {service.source: import_module(f"services.{service.package}.contract").PERMITS for service in SERVICES}

_BY = {command for service in SERVICES for command in may_take(service.contract.RESOURCES)}


class Owner:
    """Stands in for the services' processes at the gateway's RPC client: a record of `UNIT`, shown and changed as every
    service promises, to roles in its scope alone. `reached` says that what was asked for has come to it.
    """

    def __init__(self) -> None:
        self.reading = True
        self.reached = False

    async def call(self, service: str, command: Command, envelope: Envelope) -> Any:
        """Answer what an edge looks up and what it then sends; refuse what it came to read, once it has reached it."""
        name = type(command).__name__
        check_permitted(_PERMITS[service], type(command), envelope.actor)  # as every service does
        if name == "GetExcuse":  # who may see it is for the edge to say
            return record()
        if not _reaches(command, envelope):
            raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
        if not self.reading and name.startswith("Get"):
            return record()
        if not self.reading and name.startswith("List"):
            return {"items": [], "total": 0, "more_than": False, "page": 1, "page_size": 50}
        self.reached = True
        if not self.reading:
            return {
                "id": RECORD,
                "version": 2,
                "state": "submitted",
                "sent": 1,
                "corrected": 0,
                "rows": 1,
                "errors": [],
            }
        raise DomainError("owner.reached", name, "conflict")

    async def close(self) -> None:
        """Nothing is open."""


PERSONAL = ("GetJudging", "ListJudging", "ScoreEntry", "GetProgress", "KeepProgress")
"""A judge, and whoever studies, is known to study by their account: no unit decides."""


def _reaches(command: Command, envelope: Envelope) -> bool:
    """Rows by the units that the edge let through, people by who they are, all else by the actor's unit."""
    name, told = type(command).__name__, command.model_dump()
    if name.endswith("Held") or name in PERSONAL or name == "SetCalendar" or told.get("kind") == "calendars":
        return True  # the platform's own
    if name == "AddImportRows":
        return UNIT in envelope.paths or (envelope.actor.unit in PATH and told["kind"] == "units")
    if type(command) in _BY:  # the service finds the role itself, of all that were sent
        return any(role.unit in PATH for role in envelope.actor.roles)
    return envelope.actor.unit in PATH or member_of(envelope.actor.user) in (told.get("id"), told.get("member"))


def record() -> dict[str, Any]:
    """What an edge reads of a record of any kind before it sends what was asked for: whose it is, and what it holds."""
    item = {"key": RECORD, "kind": "theme_day", "title": "样例", "text": "", "due": None, "day": "2026-03-05"}
    written = {"title": "样例", "first": "2026-03", "last": "2026-03", "note": "", "requirements": [], "materials": []}
    return {
        "id": RECORD,
        "version": 1,
        "state": "submitted",
        "changes": 0,
        "received": "2026-03-01",
        "number": None,
        **dict.fromkeys(("unit", "owner", "lead", "asker", "organiser", "pair_unit", "contest_unit"), UNIT),
        **{name: [UNIT] for name in ("units", "cooperating", "participants")},
        **written,
        "name": "样例",
        "kind": "help",
        "criteria": ["观点"],
        "kinds": [{"id": "one", "name": "样例"}],
        "life": {"handler": UNIT},
        "items": [{**item, "place": "", "host_post": ""}],
        "stays": [{"unit": UNIT, "first": "2026-01-01", "until": None}],
        "editions": [],
        "visits_a_month": 3,
        "source": "样例",
        "member": "SOMEBODY",
        "why": "duty",
        "scope": PATH,
    }


def user_of(role: Role, *places: str) -> str:
    """Who holds a role at these places."""
    return "-".join((role, *places))


def member_of(user: str) -> str:
    """The member whose account this is."""
    return f"M{hashlib.sha256(user.encode()).hexdigest()[:12].upper()}"


class World:
    """The application in this process, on a real store."""

    def __init__(self, app: FastAPI, gate: Gate, owner: Owner) -> None:
        self.app = app
        self.gate = gate
        self.owner = owner
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://shengzhi.test"
        )

    async def fill(self) -> None:
        """The tree, its users, and a session of each: the token is the user's name."""
        database, now = self.gate.database, datetime.now(UTC)
        await database["units"].insert_many([_unit(id, path) for id, path in PATHS.items()])
        groups = [*((place,) for place in PLACES), OUTSIDE, BELOW_ROOT, EVERYWHERE]
        held = {user_of(role, *places): (role, places) for role in Role for places in groups}
        held |= {ACCOUNT: (Role.member, ("inside",)), "auditor": (Role.audit_admin, ("root",))}
        await database["users"].insert_many(
            [
                {
                    "_id": user,
                    "unit": PLACES[places[0]],
                    "roles": [{"role": role.value, "unit": PLACES[place]} for place in places],
                }
                for user, (role, places) in held.items()
            ]
        )
        await database["sessions"].insert_many(
            [
                {"_id": digest(user), "id": user, "user": user, "created": now, "expires": now + timedelta(hours=1)}
                for user in held
            ]
        )
        people = [{"_id": member_of(user), "unit": UNIT, "user": user, "scope": PATH} for user in held]
        await database["members"].insert_many([*people, {"_id": RECORD, "unit": UNIT, "user": None, "scope": PATH}])
        owed = Submission(
            unit=UNIT, month="2026-03", campaign="2026", superior=UNIT, due=date(2026, 4, 5), state=SubmissionState.open
        )
        await database["submissions"].insert_one(
            {"_id": RECORD, "version": 1, "scope": PATH, **owed.model_dump(mode="json")}
        )
        issued: dict[str, Any] = {"unit": UNIT, "first": "2026-03-01", "last": "2026-03-31"}
        document = {"number": "一号", "title": "样例", "day": "2026-04-01", "as_of": now}
        await database["reports"].insert_one({"_id": RECORD, **issued, **document})
        row = {
            "_id": f"{RECORD}|{UNIT}",
            "report": RECORD,
            "place": 0,
            "name": UNIT,
            "kind": "department",
            "path": PATH,
            "batch": 0,
            "at": now,
        }
        await database["issued"].insert_one({**row, **issued, "figures": {id: [0, None] for id in (*METRICS, *RATES)}})
        kept = {"weights": {}, "at": now, "batch": 0}
        await database["locks"].insert_one({"_id": "P|2026-03", "unit": "P", "path": ["P"], "month": "2026-03", **kept})
        known = {"$set": {"watermarks": dict.fromkeys(SOURCES, now)}}
        await database[PROJECTION].update_one({"_id": PROJECTION}, known, upsert=True)

    async def ask(self, user: str | None, method: str, url: str, **more: Any) -> httpx.Response:
        """Ask as somebody, or as nobody."""
        headers = {} if user is None else {"Authorization": f"Bearer {user}"}
        self.owner.reading, self.owner.reached = method == "GET", False
        return await self.http.request(method, url, headers=headers, **more)


def _unit(id: str, path: list[str]) -> Document:
    told = {"name": id, "short_name": id, "kind": "department", "credit_code": None, "party_code": None}
    parent = path[-2] if len(path) > 1 else None
    more = {"members": None, "active_from": "2026-01-01", "version": 1, "scope": path, "path": path}
    return {"_id": id, "parent": parent, **told, **more}


@asynccontextmanager
async def world(mongo: str, database: str) -> AsyncIterator[World]:
    """The world, on a database of the test's own."""
    with MongoClient[Document](mongo) as opened:
        ensure_indexes(opened.get_database(f"{database}_gateway", codec_options=CODEC))
    client: AsyncMongoClient[Document] = AsyncMongoClient(mongo)
    told = structlog.get_config()  # pages of a record that is hardly one fail after it was reached: not worth a log
    structlog.configure(**{**told, "wrapper_class": structlog.make_filtering_bound_logger(logging.CRITICAL)})
    owner = Owner()
    gate = Gate(client.get_database(f"{database}_gateway", codec_options=CODEC), owner)  # type: ignore[arg-type]
    made = World(make_app(gate, extend=mount), gate, owner)
    made.app.state.streams.stop()  # a stream that is allowed ends as soon as it is open
    try:
        await made.fill()
        async with made.http:
            yield made
    finally:
        structlog.configure(**told)
        await client.close()
