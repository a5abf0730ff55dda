"""What is taken back while something is added to it, by two transactions that saw neither: one of them yields."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient

from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.study import contract as c
from tests.component.study.desk import NOW, Desk
from tests.eventually import PATIENCE

DAY = NOW.date()
ROUNDS = 6
CONTEST: dict[str, Any] = {
    "unit": "R",
    "day": DAY,
    "last": DAY,
    "title": "演讲比赛",
    "kind": "speech",
    "judges": [{"user": "j1", "units": ["R"]}],
    "criteria": [{"name": "主题", "full": 100}],
    "awards": [{"name": "一等奖", "quota": 1}],
}


def _pair(desk: Desk, round: int) -> tuple[Command, Command]:
    """A pair that is there; what adds to it, and what takes it back."""
    told: dict[str, Any] = {"unit": "D1", "day": DAY, "title": "联学"}
    desk.do(c.RecordPair(id=f"p{round}", central="Z1", provincial="D1", **told), "D1")
    return c.RecordActivity(id=f"a{round}", pair=f"p{round}", **told), c.VoidPair(id=f"p{round}", reason="误")


def _contest(desk: Desk, round: int) -> tuple[Command, Command]:
    """The same of a contest."""
    desk.do(c.RecordContest(id=f"c{round}", **CONTEST))
    told: dict[str, Any] = {"unit": "D1-Y1", "day": DAY, "title": "作品", "author": "一号", "reference": "一号文件"}
    return c.RecordEntry(id=f"e{round}", contest=f"c{round}", **told), c.VoidContest(id=f"c{round}", reason="误")


@pytest.mark.parametrize(
    ("begin", "above", "below"), [(_pair, "pairs", "activities"), (_contest, "contests", "entries")]
)
def test_nothing_stands_on_what_was_taken_back(
    mongo_client: MongoClient[Document],
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Desk, int], tuple[Command, Command]],
    above: str,
    below: str,
) -> None:
    """Both have decided before either is saved: exactly one is, the other is refused."""
    desk = Desk(mongo_client, database)
    desk.learn(["R", "Z1"], "central")
    for round in range(ROUNDS):
        commands = begin(desk, round)
        with monkeypatch.context() as patched, ThreadPoolExecutor(2) as pool:
            _meet(desk, patched)
            done = list(pool.map(lambda command: _done(desk, command), commands))
        assert sorted(done) == [False, True]
    void = {row["_id"] for row in desk.database[above].find({"state": "void"})}
    assert desk.database[below].count_documents({above[:-1]: {"$in": list(void)}}) == 0


def _meet(desk: Desk, patched: pytest.MonkeyPatch) -> None:
    """Neither of two commands is saved, at its first attempt, before both have been decided."""
    both, execute = threading.Barrier(2, timeout=PATIENCE), desk.journal.execute

    def together(envelope: Any, command: Any, act: Any) -> Any:
        attempts: list[None] = []

        def met(work: Any) -> Any:
            answer = act(work)
            if not attempts:
                attempts.append(None)
                both.wait()
            return answer

        return execute(envelope, command, met)

    patched.setattr(desk.journal, "execute", together)


def _done(desk: Desk, command: Command) -> bool:
    try:
        desk.do(command, "D1" if not isinstance(command, c.VoidContest) else "R")
    except DomainError:
        return False
    return True
