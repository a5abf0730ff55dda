"""A small kind of record for the kernel's tests: a jar that coins are put into and taken out of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel
from pymongo import MongoClient

from services.kernel.journal.journal import Journal
from services.kernel.journal.store import open_database
from services.kernel.message.clock import Clock, utc_now
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Command, Envelope, HeldRole, Payload, new_id
from services.kernel.rules.aggregate import Aggregate


class CoinsChanged(Payload):
    """Coins were put in (or taken out, where negative)."""

    type: ClassVar[str] = "jar.changed.v1"
    coins: int
    at: datetime | None = None


class Change(Command):
    """Put coins in."""

    coins: int


class Jar(BaseModel):
    """How many coins are in it."""

    unit: str
    coins: int
    since: date


def decide(state: Jar | None, command: Change, now: datetime) -> list[Payload]:
    """A jar never holds fewer than no coins; a change by nothing is none."""
    held = 0 if state is None else state.coins
    if held + command.coins < 0:
        raise DomainError("jar.empty", "罐子里没有这么多硬币", errors=[{"pointer": "/coins", "detail": "太多"}])
    return [CoinsChanged(unit="U1", day=now.date(), coins=command.coins, at=now)] if command.coins else []


def evolve(state: Jar | None, event: CoinsChanged) -> Jar:
    """Coins add up."""
    if state is None:
        return Jar(unit=event.unit, coins=event.coins, since=event.day)
    return state.model_copy(update={"coins": state.coins + event.coins})


JAR = Aggregate("jar", Jar, decide, evolve, lambda jar: [jar.unit])


def make_journal(client: MongoClient[dict[str, Any]], name: str, clock: Clock = utc_now, **options: Any) -> Journal:
    """A journal of a service called jars, on a database of that name."""
    database = open_database(client, name)
    journal = Journal(database, service="jars", site="test", chain_key=b"k" * 32, clock=clock, **options)
    journal.ensure_indexes()
    if "jars" not in database.list_collection_names():
        database.create_collection("jars")
    return journal


def envelope(command_id: str | None = None, user: str = "u1", **fields: Any) -> Envelope:
    """An envelope for unit U1 under the root R."""
    return Envelope(
        command_id=command_id or new_id(),
        actor=Actor(
            user=user, role="handler", unit="R", action="keep_jars", roles=(HeldRole(role="handler", unit="R"),)
        ),
        paths={"U1": ["R", "U1"]},
        deadline=datetime.now(UTC) + timedelta(seconds=30),
        **fields,
    )


def change(journal: Journal, id: str, coins: int, given: Envelope | None = None) -> dict[str, Any]:
    """Put coins into a jar, as a service's entrypoint would."""
    given = given or envelope()
    asked = Change(coins=coins)

    def act(work: Any) -> dict[str, Any]:
        jar = work.decide(JAR, id, asked, given.expected)
        return {"id": id, "version": work.version(JAR, id), "coins": jar.coins}

    return journal.execute(given, asked, act)
