"""Reports that follow what happens, for as long as somebody watches: what SSE and gRPC's WatchReport share.

Nobody is told of every event: who watches is given the report as it stands, and again whenever it has changed. All
streams of a process look at the store together, twice a second, and those who watch the same report share one reading,
so that a hundred wall displays cost what one does. What was given bears a token; who comes back with it is given
nothing until the report is another one.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from services.gateway.domain import Action
from services.gateway.store import directory, report
from services.gateway.store.snapshot import known
from services.kernel import metrics
from services.kernel.message.errors import DomainError

from .gate import Gate, Principal

MOST_STREAMS = 500
MOST_OF_ONE_USER = 20
LONGEST_SECONDS = 3600.0
HEARTBEAT_SECONDS = 15.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Asked:
    """The report that somebody watches."""

    unit: str
    span: report.Span
    children: bool = True
    compare: tuple[str, ...] = ()


class Update(NamedTuple):
    """The report as it stands now; or a heartbeat, without one, that says up to when it is complete."""

    token: str
    report: dict[str, Any] | None
    as_of: datetime | None


class _Seen(NamedTuple):
    figures: tuple[Any, ...]
    access: int


class _Made(NamedTuple):
    figures: tuple[Any, ...]
    began: float
    reading: asyncio.Task[Update]


class Streams:
    """All streams of this process."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._of: Counter[str] = Counter()
        self._watched: Counter[Asked] = Counter()
        self._made: dict[Asked, _Made] = {}
        self._looking = asyncio.Lock()
        self._looked, self._seen = float("-inf"), _Seen((), 0)
        self._stopping = False

    def stop(self) -> None:
        """Every stream ends within half a second: its client comes back with its token, to another process."""
        self._stopping = True

    async def open(self, bearer: str | None, asked: Asked, since: str | None = None) -> AsyncIterator[Update]:
        """The updates of a report for who bears a token of sign-in; `since` is the token of the last one they have.

        Whoever loses the sign-in, or the role for the unit, is refused in the middle of the stream.

        Raises:
            DomainError: token.*, role.missing, unit.*, period.invalid, streams.too_many.
        """
        access = (await self._look()).access  # before the permission: what changes after this is looked at again
        principal = await self._allowed(bearer, asked)
        asked.span.check()
        self._check_room(principal.user)
        return self._updates(bearer, principal, access, asked, since)

    async def _allowed(self, bearer: str | None, asked: Asked) -> Principal:
        principal = await self._gate.identify(bearer)
        await self._gate.allow(principal, Action.read_figures, asked.unit)
        return principal

    def _check_room(self, user: str) -> None:
        if self._of[user] >= MOST_OF_ONE_USER or self._of.total() >= MOST_STREAMS:
            raise DomainError("streams.too_many", "同时打开的实时数据过多，请关闭一些页面后重试", "too_many")

    @contextmanager
    def _counted(self, user: str, asked: Asked) -> Iterator[None]:
        self._check_room(user)
        self._of[user] += 1
        self._watched[asked] += 1
        metrics.STREAMS.set(self._of.total())
        try:
            yield
        finally:
            self._of[user] -= 1
            self._watched[asked] -= 1
            if not self._watched[asked]:
                del self._watched[asked]
                self._made.pop(asked, None)
            self._of += Counter()  # forgets who watches nothing
            metrics.STREAMS.set(self._of.total())

    async def _updates(
        self, bearer: str | None, principal: Principal, access: int, asked: Asked, since: str | None
    ) -> AsyncIterator[Update]:
        with self._counted(principal.user, asked):
            began = spoke = time.monotonic()
            figures: tuple[Any, ...] | None = None
            while not self._stopping and time.monotonic() - began < LONGEST_SECONDS:
                now = await self._look()
                if principal.expires <= datetime.now(UTC) or access != now.access:
                    principal, access = await self._allowed(bearer, asked), now.access
                if figures != now.figures:
                    figures, update = now.figures, await self._read(asked, now.figures)
                    if update.token != since:
                        since, spoke = update.token, time.monotonic()
                        yield update
                if time.monotonic() - spoke >= HEARTBEAT_SECONDS:
                    spoke = time.monotonic()
                    yield Update(since or "", None, (await known(self._gate.database))[1])
                await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> _Seen:
        """What has to change for anything that is watched to change; asked of the store for all streams at once."""
        async with self._looking:
            if time.monotonic() - self._looked >= _LOOK_SECONDS / 2:
                self._seen = _Seen(
                    await report.version(self._gate.database), await directory.access(self._gate.database)
                )
                self._looked = time.monotonic()
            return self._seen

    async def _read(self, asked: Asked, figures: tuple[Any, ...]) -> Update:
        """The report as of what was seen, read once for all who ask for it in these moments."""
        made, now = self._made.get(asked), time.monotonic()
        if made is None or made.figures != figures or now - made.began > 2 * _LOOK_SECONDS:
            made = self._made[asked] = _Made(figures, now, asyncio.create_task(self._make(asked)))
        return await asyncio.shield(made.reading)

    async def _make(self, asked: Asked) -> Update:
        found = await report.report(
            self._gate.database, asked.unit, asked.span, children=asked.children, compare=asked.compare
        )
        told = {name: value for name, value in found.items() if name != "as_of"}
        return Update(hashlib.sha256(orjson.dumps(told)).hexdigest()[:32], found, found["as_of"])
