"""All figures once more from the journals, on the running platform, against the bare projection of the same events."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from pymongo import MongoClient

from services.cli.local.platform import Platform
from services.cli.local.process import wait_until
from services.cli.rebuild import Rebuild
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, open_database
from services.kernel.message.event import Event
from services.kernel.message.signing import FILE, Keys

from .events import added, entries, tree, withdrawn
from .measured import at_least, interleaved, rate, write
from .parts import emptied, project

SESSIONS, UNITS, GOAL = 10_000, 300, 0.6
EVENTS = 2 * SESSIONS
SECONDS = 300


class Rebuilt:
    """A platform through which sessions were reported and withdrawn, so that its records and figures agree."""

    def __init__(self, platform: Platform, client: MongoClient[Document], prefix: str) -> None:
        self._platform, self._client, self._prefix = platform, client, prefix
        self._owner, self._gateway = (open_database(client, f"{prefix}_{name}") for name in ("study", "gateway"))
        self._bare = open_database(client, f"{prefix}_bare")
        units = list(tree(UNITS))
        for database in (self._gateway, self._bare):
            database["units"].insert_many([{**unit, "head": b"", "paths": {}} for unit in units])
        self._gateway["journal"].insert_many(map(added, units))
        self._wait_for(len(units))
        self._events = list(self._record())
        self._steps: list[dict[str, float]] = []

    def _record(self) -> Iterator[Event]:
        journal = Journal(self._owner, service="study", site="bench", chain_key=b"k")
        submitted = list(entries(SESSIONS, UNITS))
        everything = [*submitted, *map(withdrawn, submitted)]
        yield from map(journal.event, everything)
        self._owner["sessions"].insert_many(map(_state, submitted))
        before = self._gateway["facts"].estimated_document_count()
        self._owner["journal"].insert_many(everything)
        self._wait_for(before + EVENTS)

    def _wait_for(self, facts: int) -> None:
        assert wait_until(lambda: self._gateway["facts"].estimated_document_count() >= facts, SECONDS)

    def bare(self) -> float:
        """The projection alone; events a second."""
        emptied(self._bare)
        return rate(EVENTS, lambda: project(self._bare, self._events))

    def rebuild(self) -> float:
        """As the command does; events a second until facts, roll-ups and indexes are there."""
        begun: dict[str, float] = {}

        def shown(step: str, done: int, total: int) -> None:
            begun.setdefault(step, time.perf_counter())

        key = (self._platform.secrets / "master.key").read_bytes()
        keys = Keys(self._platform.secrets / FILE)
        started = time.perf_counter()
        made = Rebuild(self._client, self._platform.amqp_uri, self._prefix, key, keys, grace_seconds=0.5)
        found = made.run(patience=60, shown=shown)
        assert found.compared["facts"] >= EVENTS
        _, indexes, compared, taken, tidied = begun.values()
        self._steps.append({"indexes": compared - indexes, "comparison": taken - compared, "swap": tidied - taken})
        return EVENTS / (compared - started)

    def steps(self) -> dict[str, float]:
        """Seconds that the steps after the replay took."""
        return {f"{name}_s": statistics.median(took[name] for took in self._steps) for name in self._steps[0]}


def _state(submitted: Document) -> Document:
    """The session's record as it stands once it was withdrawn."""
    now = submitted["data"]["now"]
    content = {"unit": now["unit"], "day": now["day"], "way": now["way"], "form": "theme_day", "due": now["due"]}
    kept = {"_id": submitted["aggregate"], "version": 2, "head": b"", "paths": {}, "scope": []}
    return {**content, **kept, "title": "主题党日", "absences": [], "number": None, "state": "void"}


def test_rebuilding(own_platform: Platform, mongo_client: MongoClient[Document], database: str) -> None:
    """The figures are made anew and agree with journals and records; how fast, and how near the projection alone."""
    rebuilt = Rebuilt(own_platform, mongo_client, database)
    rates = interleaved(3, {"bare_projection": rebuilt.bare, "rebuild": rebuilt.rebuild})
    ours, limit = rates["rebuild"], rates["bare_projection"]
    told = {"events": EVENTS, "events_per_s": ours, "bare_projection_per_s": limit}
    write("rebuild", {**told, "ratio_to_limit": ours / limit, **at_least(ours / limit, GOAL), **rebuilt.steps()})
