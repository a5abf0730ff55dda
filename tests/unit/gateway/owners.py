"""Study, hotline and members in memory: their real rules, whatever is asked of them, and the events that follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from services.gateway.domain import MEMBER
from services.gateway.domain.member import Renamed
from services.hotline.contract import (
    AnswerTicket,
    CallBackTicket,
    Channel,
    ClassifyTicket,
    CompleteTicket,
    DispatchTicket,
    Kind,
    MarkOverdue,
    Outcome,
    RegisterTicket,
    Satisfaction,
    SignTicket,
    VoidTicket,
)
from services.hotline.domain import TICKET
from services.kernel.message.clock import SHANGHAI
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Event, Payload, Period, body_of
from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract import AddMember, CorrectMember, RemoveMember, TransferMember
from services.study.contract import (
    Absence,
    CorrectSession,
    CountCoverage,
    Form,
    HoldSession,
    Reasons,
    RecordEssay,
    ReturnSession,
    SubmitSession,
    VoidEssay,
    VoidSession,
    Way,
)
from services.study.domain import COVERAGE, ESSAY, SESSION, coverage_id, covering

NOW = datetime(2027, 1, 15, 4, tzinfo=UTC)
CAMPAIGN = Period(id="C1", first=date(2026, 2, 1), last=date(2026, 10, 31))
PATHS = {
    "P": ["P"],
    "D1": ["P", "D1"],
    "D2": ["P", "D2"],
    "B1": ["P", "D1", "B1"],
    "B2": ["P", "D1", "B2"],
}
"""A small tree: the root, two departments, two branches of the first."""
DAYS = [date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 5), date(2026, 3, 31), date(2026, 7, 9), date(2026, 10, 31)]

Step = tuple[str, int, str, date, int]
"""What is asked: a verb, which record, which unit, a day, and a number that varies the rest."""

_SESSION = ("hold", "submit", "correct", "return", "void")
_ESSAY = ("essay", "void_essay")
_LIFE = ("register", "classify", "dispatch", "sign", "answer", "call_back", "complete")
_MANY = {"report": ("hold", "submit"), "live": _LIFE}
"""Many steps at once: a session held and submitted, a ticket's life as far as it went."""
_MEMBER = ("join", "transfer", "leave", "mend")
VERBS = (*_MANY, *_SESSION, *_ESSAY, *_LIFE, "overdue", "void_ticket", *_MEMBER)
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 2),
        st.sampled_from([unit for unit in PATHS if unit != "P"]),
        st.sampled_from(DAYS),
        st.integers(0, 11),
    ),
    max_size=40,
)


class Owners:
    """The states of their records, and every event in the order in which it was recorded."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], Any] = {}
        self.versions: dict[str, int] = {}
        self.events: list[Event] = []

    @classmethod
    def after(cls, asked: list[Step]) -> Owners:
        """What there is after all of it was asked; what the rules refuse changes nothing."""
        owners = cls()
        for step in asked:
            try:
                owners.ask(*step)
            except DomainError:
                continue
        return owners

    def ask(self, verb: str, number: int, unit: str, day: date, vary: int) -> None:
        """Ask one thing of one record.

        Raises:
            DomainError: the rules refuse it.
        """
        if verb in _MANY:
            for each in _MANY[verb][: vary + 2]:
                self.ask(each, number, unit, day, vary)
        elif verb in _SESSION:
            known = self.states.get(("session", f"s{number}"))
            self._session(f"s{number}", _session(verb, f"s{number}", known.unit if known else unit, day, vary))
        elif verb in _ESSAY:
            self.decide("study", ESSAY, f"e{number}", _essay(verb, f"e{number}", unit, day))
        elif verb in _MEMBER:
            self.decide("gateway", MEMBER, f"DY-{number}", _member(verb, f"DY-{number}", unit, day))
        else:
            self.decide("hotline", TICKET, f"t{number}", _ticket(verb, f"t{number}", unit, day, vary))

    def _session(self, id: str, command: Command) -> None:
        before = covering(self.states.get(("session", id)))
        self.decide("study", SESSION, id, command)
        after = covering(self.states.get(("session", id)))
        if before == after:
            return
        for place, by in ((before, -1), (after, 1)):
            if place is not None:
                span = (CAMPAIGN.first, CAMPAIGN.last)
                count = CountCoverage(unit=place[0], day=place[1], way=place[2], campaign=CAMPAIGN.id, by=by, span=span)
                self.decide("study", COVERAGE, coverage_id(place[0]), count)

    def decide(self, service: str, aggregate: Aggregate[Any], id: str, command: Command) -> None:
        """Decide and evolve, as the kernel does."""
        for payload in aggregate.decide(self.states.get((aggregate.name, id)), command, NOW):
            self.states[aggregate.name, id] = aggregate.evolve(self.states.get((aggregate.name, id)), payload)
            self.versions[id] = self.versions.get(id, 0) + 1
            self.events.append(event(service, id, self.versions[id], payload, len(self.events)))


def event(service: str, id: str, version: int, payload: Payload, number: int) -> Event:
    """A payload as the event that carries it."""
    return Event(
        id=f"{number:032x}",
        source=f"/test/{service}",
        type=f"shengzhi.{service}.{payload.type}",
        subject=id,
        time=NOW + timedelta(seconds=number),
        aggregateversion=version,
        recorded=NOW + timedelta(seconds=number),
        unit=payload.unit,
        actor="u1",
        day=payload.day,
        data=body_of(payload),
    )


def _session(verb: str, id: str, unit: str, day: date, vary: int) -> Command:
    match verb:
        case "hold":
            return HoldSession(id=id, **_content(unit, day, vary))
        case "submit":
            return SubmitSession(id=id)
        case "correct":
            return CorrectSession(id=id, reason="有误", **_content(unit, day, vary))
        case "return":
            return ReturnSession(id=id, reason="缺项")
        case _:
            return VoidSession(id=id, reason="重复")


def _content(unit: str, day: date, vary: int) -> dict[str, Any]:
    way, form = (
        (Way.leadership, Form.first_agenda),
        (Way.branch, Form.theme_day),
        (Way.youth, Form.joint_study),
        (Way.self, Form.online),
    )[vary % 4]
    named = {Reasons.duty: vary % 3, Reasons.absent: vary % 2, Reasons.transferred: vary // 6}
    absences = [Absence(reason=reason, count=count) for reason, count in named.items() if count]
    # A session to which nobody came counts, but covers nobody.
    due = sum(named.values()) + (0 if vary == 11 else 5)
    return {"unit": unit, "day": day, "way": way, "form": form, "title": "学习", "due": due, "absences": absences}


def _essay(verb: str, id: str, unit: str, day: date) -> Command:
    if verb == "essay":
        return RecordEssay(id=id, unit=unit, day=day, title="体会")
    return VoidEssay(id=id, reason="重复")


def _member(verb: str, id: str, unit: str, day: date) -> Command:
    match verb:
        case "join":
            return AddMember(id=id, name="样例·甲", unit=unit, since=day)
        case "transfer":
            return TransferMember(id=id, unit=unit, day=day)
        case "leave":
            return RemoveMember(id=id, day=day)
        case _:
            asked = CorrectMember(id=id, unit=unit, since=day, reason="有误")
            return Renamed(correction=asked, renamed=False)


def _ticket(verb: str, id: str, unit: str, day: date, vary: int) -> Command:
    at = datetime.combine(day, time(9), SHANGHAI)
    kind, said = list(Kind)[vary % len(Kind)], list(Satisfaction)[vary % len(Satisfaction)]
    asked: dict[str, Callable[[], Command]] = {
        "register": lambda: RegisterTicket(
            id=id,
            unit="D2",
            channel=Channel.phone,
            kind=kind,
            category="社会保障",
            title="咨询备案",
            received=at,
            deadline=at + timedelta(days=14),
        ),
        "classify": lambda: ClassifyTicket(id=id, kind=kind, category="住房", at=at),
        "dispatch": lambda: DispatchTicket(id=id, handler=unit, at=at),
        "sign": lambda: SignTicket(id=id, at=at),
        "answer": lambda: AnswerTicket(id=id, answer="已办理", at=at),
        "call_back": lambda: CallBackTicket(
            id=id,
            outcome=Outcome(valid=True, responded=vary % 2 == 0, solved=vary % 3 == 0, satisfaction=said),
            at=at,
        ),
        "complete": lambda: CompleteTicket(id=id, at=at),
        "overdue": lambda: MarkOverdue(id=id),
        "void_ticket": lambda: VoidTicket(id=id, reason="重复"),
    }
    return asked[verb]()
