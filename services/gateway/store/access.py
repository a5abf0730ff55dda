"""The access log and the sessions: what the API's process itself writes."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database

from services.kernel.journal.store import MAJORITY, Document, ensure_collections
from services.kernel.message.instants import Instant
from services.kernel.message.redaction import redact

from . import directory

LOG = "audit"
_GATHERED_SECONDS = 0.05
MOST_FAILURES, LOCKED_MINUTES = 5, 15
"""After so many failures in a row a name is locked for so long."""


def ensure_indexes(database: Database[Document]) -> None:
    """One for each way in which the log is asked; each entry says itself when it may go."""
    ensure_collections(database, ("identities", "sign_ins"))
    database["identities"].create_index("user", unique=True)
    log = database[LOG]
    log.create_index("expires", expireAfterSeconds=0)
    log.create_index([("at", -1)])
    for field in ("scope", "user", "unit", "action"):
        log.create_index([(field, 1), ("at", -1)])
    sessions = database["sessions"]
    sessions.create_index("expires", expireAfterSeconds=0)
    sessions.create_index([("user", 1), ("created", -1)])
    sessions.create_index("request", unique=True, partialFilterExpression={"request": {"$exists": True}})
    database["lockouts"].create_index("expires", expireAfterSeconds=0)
    database["lockouts"].create_index("user", partialFilterExpression={"user": {"$gt": ""}})
    database["handshakes"].create_index("expires", expireAfterSeconds=0)


def lock_key(name: str) -> str:
    """Under which attempts on a name are counted: what is typed as a name may be a password."""
    return hashlib.sha256(name.encode()).hexdigest()


def mark(hash_: str) -> str:
    """By which the edge knows that a hash of its own was taken, and not an earlier one under the same key."""
    return hashlib.sha256(hash_.encode()).hexdigest()[:16]


class Asked(BaseModel):
    """What the log can be asked by; an instant without an offset is Shanghai time."""

    model_config = ConfigDict(extra="forbid")

    user: str | None = Field(None, max_length=60, description="账号")
    unit: str | None = Field(None, max_length=32, description="单位（含下级）")
    action: str | None = Field(None, max_length=60, description="权限")
    allowed: bool | None = Field(None, description="是否允许")
    looks: bool = Field(False, description="只看查看未脱敏信息的记录")
    first: Instant | None = Field(None, alias="from")
    last: Instant | None = Field(None, alias="to")
    page: int = Field(1, ge=1, le=200)
    page_size: int = Field(50, ge=1, le=200)

    @model_validator(mode="before")
    @classmethod
    def only_what_is_given(cls, given: Any) -> Any:
        """A field that a form left empty asks for nothing."""
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given


class Log:
    """Writes entries on a majority; those that come while some are being written or gathered are written together."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._waiting: list[tuple[Document, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, entry: Document, *, gather: bool = False) -> None:
        """Keep an entry; where nobody waits for it, together with those of the next moments.

        Raises:
            PyMongoError: whether it is kept is not known.
        """
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, kept))
        if self._task is None:
            self._task = asyncio.create_task(self._write(_GATHERED_SECONDS if gather else 0))
        await kept

    async def _write(self, after: float) -> None:
        await asyncio.sleep(after)
        while self._waiting:
            told, self._waiting = self._waiting, []
            failure: Exception | None = None
            try:
                log = self._database.get_collection(LOG, write_concern=MAJORITY)
                await log.insert_many([entry for entry, _ in told], ordered=False)
            except Exception as error:  # noqa: BLE001  # whatever it is, each who waits is told
                failure = error
            for _, kept in told:
                if kept.done():  # who waited for it has given up
                    continue
                if failure is None:
                    kept.set_result(None)
                else:
                    kept.set_exception(failure)
        self._task = None


async def listed(database: AsyncDatabase[Document], asked: Asked, below: str | None) -> tuple[list[Document], int]:
    """A page of the log, the newest first, of a subtree (all of it where `below` is None); and how many, to 10,001."""
    filters: Document = asked.model_dump(include={"user", "action", "allowed"}, exclude_none=True)
    scopes = [unit for unit in (below, asked.unit) if unit is not None]
    if scopes:
        filters["scope"] = {"$all": scopes}
    if asked.looks:
        filters["reason"] = {"$gt": ""}
    span = {name: at for name, at in (("$gte", asked.first), ("$lt", asked.last)) if at is not None}
    if span:
        filters["at"] = span
    log = database[LOG]
    total = await log.count_documents(filters, limit=10_001)
    found = log.find(filters).sort("at", -1).skip((asked.page - 1) * asked.page_size).limit(asked.page_size)
    rows = await found.to_list()
    return [{**row, "reason": redact(row["reason"])} if row.get("reason") else row for row in rows], total


async def open_session(database: AsyncDatabase[Document], session: Document) -> None:
    """Somebody is signed in, or a program of theirs may be."""
    await database["sessions"].insert_one(session)


async def signed_in(database: AsyncDatabase[Document], user: str, at: datetime) -> None:
    """Keep when somebody signed in last."""
    await database["sign_ins"].update_one({"_id": user}, {"$max": {"at": at}}, upsert=True)


async def unlock(database: AsyncDatabase[Document], user: str) -> bool:
    """Forget failed attempts to sign in as somebody; whether there were any."""
    return bool((await database["lockouts"].delete_one({"_id": lock_key(user)})).deleted_count)


async def sessions(database: AsyncDatabase[Document], user: str) -> list[Document]:
    """Where somebody is signed in, and the tokens of theirs: the newest first."""
    return await database["sessions"].find({"user": user}).sort("created", -1).limit(200).to_list()


async def end_sessions(database: AsyncDatabase[Document], which: Document) -> int:
    """These sessions and tokens are over, for every process of the API at once; how many there were."""

    async def act(session: AsyncClientSession) -> int:
        ended = await database["sessions"].delete_many(which, session=session)
        await directory.raise_access(database, session)
        return ended.deleted_count

    async with database.client.start_session() as session:
        return await session.with_transaction(act, write_concern=MAJORITY)
