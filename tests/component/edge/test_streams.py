"""Who watches a report is given every change of it, and nothing once they may not see it any more."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pymongo
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from services.edge import streams as module
from services.edge.commands import Commands
from services.edge.gate import Gate
from services.edge.streams import Asked, Streams, Update
from services.gateway.store import directory
from services.gateway.store.period import Span
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.registry import SOURCES
from services.study.contract import HoldSession, SubmitSession
from services.study.domain import SESSION
from tests.component.edge import KEYS
from tests.component.gateway.figures import Figures, watermark
from tests.eventually import PATIENCE
from tests.unit.gateway.owners import CAMPAIGN, NOW, Owners

WHOLE = Asked("P", Span(CAMPAIGN.first, CAMPAIGN.last))


class Watching:
    """The streams of one process, and somebody of the committee who is signed in with the token `t`."""

    def __init__(self, figures: Figures, database: AsyncDatabase[Document]) -> None:
        self.figures = figures
        self.database = database
        self.owners = Owners()
        self.streams = Streams(Gate(database, Commands("amqp://127.0.0.1:1/nobody", KEYS)))
        self._told = 0

    async def tell(self, day: str = "2026-03-10", unit: str = "B1") -> None:
        """One session more, brought into the figures."""
        self._told += 1
        id, first = f"s{self._told}", len(self.owners.events)
        content: dict[str, Any] = {"unit": unit, "way": "branch", "form": "theme_day", "title": "学习", "due": 20}
        self.owners.decide("study", SESSION, id, HoldSession.model_validate({**content, "id": id, "day": day}))
        self.owners.decide("study", SESSION, id, SubmitSession(id=id))
        await asyncio.to_thread(self.figures.project, self.owners.events[first:])

    async def changed(self, collection: str, operation: Any) -> None:
        """A change of who may do what, with the mark that every such change bears."""

        def write() -> None:
            self.figures.database[collection].bulk_write([operation])
            self.figures.database[directory.ACCESS].bulk_write([directory.raised()])

        await asyncio.to_thread(write)


def watching(figures: Figures, act: Callable[[Watching], Awaitable[None]]) -> None:
    """Run `act` with somebody signed in."""
    expires = datetime.now(UTC) + timedelta(hours=1)
    held = [{"role": "office", "unit": "P"}]
    figures.database["users"].insert_one({"_id": "u", "roles": held})
    figures.database["sessions"].insert_one(
        {"_id": hashlib.sha256(b"t").hexdigest(), "user": "u", "created": NOW, "expires": expires}
    )
    figures.ask(lambda database: act(Watching(figures, database)))


async def after(updates: AsyncIterator[Update]) -> Update:
    """The next update that bears a report."""
    async with asyncio.timeout(PATIENCE):
        while (update := await anext(updates)).report is None:
            pass
        return update


def sessions(update: Update) -> int:
    assert update.report is not None
    count: int = update.report["figures"]["study.sessions.branch"]
    return count


async def nothing(updates: AsyncIterator[Update]) -> None:
    """No update comes while the store is looked at several times."""
    waiting = asyncio.ensure_future(anext(updates))
    done, _ = await asyncio.wait([waiting], timeout=2)  # asked again while nothing is to come
    assert not done
    waiting.cancel()
    await asyncio.wait([waiting])


def test_a_report_is_given_as_it_stands_and_whenever_it_changes(figures: Figures) -> None:
    """Also to a second who watches the same; what changes nothing of it, like a watermark, is not told."""

    async def act(of: Watching) -> None:
        first = await of.streams.open("t", WHOLE)
        second = await of.streams.open("t", WHOLE)
        assert [sessions(await after(each)) for each in (first, second)] == [0, 0]
        for told in (1, 2):
            await of.tell()
            assert [sessions(await after(each)) for each in (first, second)] == [told, told]
        await of.tell(day="2026-11-05")  # outside the span
        await asyncio.to_thread(of.figures.project, [watermark("study", NOW)])
        await nothing(first)

    watching(figures, act)


def test_who_comes_back_with_a_token_is_given_what_they_have_not(figures: Figures) -> None:
    """Nothing while the report is the one that they have; at once what it has become meanwhile."""

    async def act(of: Watching) -> None:
        had = await after(await of.streams.open("t", WHOLE))
        await nothing(await of.streams.open("t", WHOLE, had.token))
        await of.tell()
        missed = await after(await of.streams.open("t", WHOLE, had.token))
        assert sessions(missed) == 1
        assert missed.token != had.token

    watching(figures, act)


@pytest.mark.parametrize(
    ("collection", "operation", "code"),
    [
        ("sessions", pymongo.DeleteMany({}), "token.invalid"),
        ("users", pymongo.UpdateOne({"_id": "u"}, {"$set": {"roles": []}}), "role.missing"),
        ("users", pymongo.UpdateOne({"_id": "u"}, {"$set": {"roles.0.unit": "D1"}}), "unit.out_of_scope"),
    ],
)
def test_who_may_not_see_it_any_more_is_refused_at_once(
    figures: Figures, collection: str, operation: Any, code: str
) -> None:
    """Sign-in and role are looked at again when anything of them has changed, in the middle of the stream."""

    async def act(of: Watching) -> None:
        updates = await of.streams.open("t", WHOLE)
        await after(updates)
        await of.changed(collection, operation)
        with pytest.raises(DomainError) as refused:
            await after(updates)
        assert refused.value.code == code

    watching(figures, act)


def test_what_is_taken_away_before_the_first_word_is_not_given(figures: Figures) -> None:
    """Between the permission and the first report nothing slips through."""

    async def act(of: Watching) -> None:
        updates = await of.streams.open("t", WHOLE)
        await of.changed("sessions", pymongo.DeleteMany({}))
        await asyncio.sleep(1)
        with pytest.raises(DomainError) as refused:
            await anext(updates)
        assert refused.value.code == "token.invalid"

    watching(figures, act)


def test_a_sign_in_that_runs_out_ends_the_stream(figures: Figures) -> None:
    """Nobody has to sign them out."""

    async def act(of: Watching) -> None:
        soon = {"$set": {"expires": datetime.now(UTC) + timedelta(seconds=3)}}
        await of.changed("sessions", pymongo.UpdateMany({}, soon))
        updates = await of.streams.open("t", WHOLE)
        await after(updates)
        with pytest.raises(DomainError) as refused:
            await after(updates)
        assert refused.value.code == "token.expired"

    watching(figures, act)


def test_streams_are_bounded_and_end_with_the_process(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused before it begins; when one ends there is room; all end when the process is to stop."""
    monkeypatch.setattr(module, "MOST_OF_ONE_USER", 1)

    async def act(of: Watching) -> None:
        updates: Any = await of.streams.open("t", WHOLE)
        await after(updates)
        with pytest.raises(DomainError) as refused:
            await of.streams.open("t", WHOLE)
        assert refused.value.code == "streams.too_many"
        await updates.aclose()
        again = await of.streams.open("t", WHOLE)
        await after(again)
        of.streams.stop()
        assert [update async for update in again] == []

    watching(figures, act)


def test_a_heartbeat_says_up_to_when_the_report_is_complete(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing changes the watermarks still pass."""
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 1.0)

    async def act(of: Watching) -> None:
        updates = await of.streams.open("t", WHOLE)
        had = await after(updates)
        await asyncio.to_thread(of.figures.project, [watermark(owner, NOW) for owner in SOURCES])
        async with asyncio.timeout(PATIENCE):
            while (update := await anext(updates)).as_of != NOW:
                assert update.report is None
        assert update.token == had.token

    watching(figures, act)


def test_what_nobody_may_watch_is_refused_before_it_begins(figures: Figures) -> None:
    """No token, an unknown unit, a span that nobody can mean."""

    async def act(of: Watching) -> None:
        backwards = Asked("P", Span(date(2026, 3, 2), date(2026, 3, 1)))
        for token, asked, code in (
            (None, WHOLE, "token.missing"),
            ("t", Asked("X9", WHOLE.span), "unit.unknown"),
            ("t", backwards, "period.invalid"),
        ):
            with pytest.raises(DomainError) as refused:
                await of.streams.open(token, asked)
            assert refused.value.code == code

    watching(figures, act)
