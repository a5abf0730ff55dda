"""What a service knows of how the tree has changed: which unit stands where since which change.

A record keeps the paths of its units by today's tree, and its scope follows from them. A command bears paths of the
tree after so many changes; by the time that it is carried out the service may know of more, and brings them up to date.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from ..message.clock import Clock
from ..message.errors import DomainError
from .store import Document

MOVES = "moves"
_KEPT_SECONDS = 1.0
_SPARE = timedelta(seconds=5)
"""So long before its caller gives up a command stops waiting for a change of the tree."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Move:
    """Change number `n`: a unit stands at the end of this path; `swept` is how often records were brought after it."""

    n: int
    unit: str
    path: list[str]
    noted: datetime
    swept: int


class Moves:
    """The changes of the tree that have come to this service, kept in memory for a second."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._moves = database[MOVES]
        self._clock = clock
        self._kept: list[Move] = []
        self._read = float("-inf")

    def note(self, n: int, unit: str, path: Sequence[str], session: ClientSession) -> None:
        """Write a change down, in the transaction in which it is taken."""
        told = {"unit": unit, "path": list(path), "noted": self._clock(), "swept": 0}
        self._moves.update_one({"_id": n}, {"$setOnInsert": told}, upsert=True, session=session)

    def all(self, *, afresh: bool = False) -> list[Move]:
        """Every change, in order; not older than a second."""
        if afresh or time.monotonic() - self._read > _KEPT_SECONDS:
            self._read = time.monotonic()
            self._kept = [
                Move(row["_id"], row["unit"], row["path"], row["noted"], row["swept"])
                for row in self._moves.find().sort("_id", pymongo.ASCENDING)
            ]
        return self._kept

    def current(self, paths: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Paths of today's tree, of such as were right once.

        Whichever tree they are of: the last change of the lowest unit in a path that ever moved puts it where it
        belongs, and all that came after that leads on from there.
        """
        found = dict(paths)
        for move in self.all():
            for unit, path in found.items():
                if move.unit in path:
                    found[unit] = [*move.path, *path[path.index(move.unit) + 1 :]]
        return found

    def wait(self, tree: int, deadline: datetime) -> None:
        """Until records have been brought after so many changes.

        Raises:
            DomainError: tree.behind, shortly before the caller gives up.
        """
        if tree == 0 or self._reached() >= tree:
            return
        while self._reached(afresh=True) < tree:
            if self._clock() > deadline - _SPARE:
                raise DomainError("tree.behind", "机构调整正在同步，请稍后重试", "unavailable")
            time.sleep(_POLL_SECONDS)

    def _reached(self, *, afresh: bool = False) -> int:
        known = self.all(afresh=afresh)
        behind = next((move.n for move in known if move.swept == 0), None)
        return behind - 1 if behind is not None else known[-1].n if known else 0

    def swept(self, move: Move) -> None:
        """Records have been brought after it once more."""
        self._moves.update_one({"_id": move.n, "swept": move.swept}, {"$set": {"swept": move.swept + 1}})
        self._read = float("-inf")
