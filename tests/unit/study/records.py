"""Study for tests: commands that are in order, and the work of one transaction kept in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, cast

from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Command, Envelope, Payload, Period
from services.kernel.rules.aggregate import Aggregate
from services.study import contract as c
from services.study.domain import SESSION, Session

NOW = datetime(2026, 6, 30, 4, tzinfo=UTC)
DAY = date(2026, 3, 5)
SPRING = Period(id="C1", first=date(2026, 1, 1), last=date(2026, 4, 15))
SUMMER = Period(id="C2", first=date(2026, 4, 16), last=date(2026, 12, 31))
SESSION_CONTENT: dict[str, Any] = {
    "unit": "D1-B1",
    "day": DAY,
    "way": "branch",
    "form": "theme_day",
    "title": "三月主题党日",
    "due": 20,
    "absences": [{"reason": "duty", "count": 1}, {"reason": "absent", "count": 2}],
}
ESSAY_CONTENT: dict[str, Any] = {"unit": "D1", "day": DAY, "title": "学习体会"}
LECTURE_CONTENT: dict[str, Any] = {
    "unit": "D1",
    "day": DAY,
    "title": "专题党课",
    "mode": "all",
    "speaker_post": "党组书记",
    "audience": 60,
}


def hold(**fields: Any) -> c.HoldSession:
    """A session that was held."""
    return c.HoldSession(**{**SESSION_CONTENT, "id": "s", **fields})


def correct(**fields: Any) -> c.CorrectSession:
    """The same session said anew."""
    return c.CorrectSession(**{**SESSION_CONTENT, "id": "s", "reason": "人数填报有误", **fields})


SUBMIT = c.SubmitSession(id="s")
RETURN = c.ReturnSession(id="s", reason="缺少议题")
VOID = c.VoidSession(id="s", reason="重复登记")


def told(state: Session | None, *commands: Command) -> tuple[list[Payload], Session | None]:
    """What happens to a session, command by command."""
    events: list[Payload] = []
    for command in commands:
        for happened in SESSION.decide(state, command, NOW):
            state = SESSION.evolve(state, happened)
            events.append(happened)
    return events, state


def after(*commands: Command) -> Session:
    """A session after these commands."""
    state = told(None, *commands)[1]
    assert state is not None
    return state


class Empty:
    """A collection with nothing in it."""

    def find(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Nothing."""
        return []


class MemoryWork:
    """As `Work`, without a store: what is decided stays here, what is written beside the journal is let go, and no
    unit owes anything.
    """

    session = None

    def __init__(self, paths: dict[str, list[str]], now: datetime = NOW) -> None:
        self.now = now
        self.paths = paths
        self.envelope = Envelope(
            command_id="c",
            actor=Actor(user="u", role="unit_admin", unit="R"),
            paths=paths,
            periods=[SPRING, SUMMER],
            deadline=now,
        )
        self.database: dict[str, Empty] = defaultdict(Empty)
        self.states: dict[tuple[str, str], tuple[Any, int]] = {}
        self.entries: list[Payload] = []

    def as_work(self) -> Work:
        """Itself, for those who ask for the real one."""
        return cast(Work, self)

    def load(self, aggregate: Aggregate[Any], ids: Iterable[str]) -> None:
        """All is loaded."""

    def get(self, aggregate: Aggregate[Any], id: str) -> Any:
        """A record's state."""
        return self.states.get((aggregate.name, id), (None, 0))[0]

    def write(self, collection: str, operation: Any) -> None:
        """Let go."""

    def version(self, aggregate: Aggregate[Any], id: str) -> int:
        """A record's version."""
        return self.states.get((aggregate.name, id), (None, 0))[1]

    def decide(self, aggregate: Aggregate[Any], id: str, command: Command, expected: int | None = None) -> Any:
        """Decide, evolve, keep."""
        for payload in aggregate.decide(self.get(aggregate, id), command, self.now):
            state = aggregate.evolve(self.get(aggregate, id), payload)
            self.states[aggregate.name, id] = state, self.version(aggregate, id) + 1
            self.entries.append(payload)
        return self.get(aggregate, id)

    def of(self, aggregate: Aggregate[Any]) -> list[Any]:
        """The states of all records of a kind."""
        return [state for (name, _), (state, _) in self.states.items() if name == aggregate.name]
