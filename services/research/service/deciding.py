"""Deciding a command with all that belongs to it: links, places visited, and what a topic has to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from services.kernel.journal.numbered import identified
from services.kernel.journal.work import Work
from services.kernel.message.event import Envelope
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import campaign_of

from .. import contract, store
from ..domain import (
    MEASURE,
    NORM,
    NORM_ID,
    PLACE,
    TOPIC,
    VISIT,
    Measure,
    Norm,
    Visit,
    check_link,
    check_place,
    in_month,
    name_of_place,
    place_id_of,
    visiting,
)

Answer = dict[str, Any]
_NEW = (contract.FrameTopic, contract.RecordVisit, contract.RecordMeasure)


class Deciding:
    """What the entrypoints of every kind of record share."""

    journal: Any

    def _do(
        self,
        aggregate: Aggregate[Any],
        command: Any,
        envelope: Envelope,
        more: Callable[[Work, str, Any], Answer] | None = None,
    ) -> Answer:
        """Decide in one transaction; `more` adds to the answer what the record's kind has to say."""

        def act(work: Work) -> Answer:
            asked = identified(work, aggregate, contract.NAME, command) if isinstance(command, _NEW) else command
            id = asked.id
            state = decided(work, aggregate, id, asked, envelope.expected)
            work.within(aggregate, id)
            answer = {"id": id, "version": work.version(aggregate, id), "state": str(state.state)}
            return {**answer, **(more(work, id, state) if more else {})}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer


def norm_of(work: Work) -> Norm:
    """The configuration in force."""
    return work.get(NORM, NORM_ID) or Norm()


def decided(work: Work, aggregate: Aggregate[Any], id: str, command: Any, expected: int | None = None) -> Any:
    """Decide a command with what belongs to it; its free text bears no numbers."""
    if isinstance(command, contract.TopicContent):
        known = work.get(TOPIC, id)
        if known is None or known.kind != command.kind:
            norm_of(work).check_kind(command.kind)
    if aggregate is VISIT:
        return _visit(work, id, command, expected)
    if aggregate is MEASURE:
        return _measure(work, id, command, expected)
    return work.decide(aggregate, id, command, expected)


def _visit(work: Work, id: str, command: Any, expected: int | None) -> Visit:
    """A visit belongs to a topic, which counts it; and so does what was visited, once for each campaign."""
    known: Visit | None = work.get(VISIT, id)
    if isinstance(command, contract.VisitContent):
        check_place(command)
        root = work.paths.get(command.unit, [command.unit])[0]
        outside = None if command.visited is not None else root
        told = {"topic": _linked(work, command, known), "counts_as": outside or getattr(command, "counts_as", None)}
        command = command.model_copy(update=told)
    state: Visit = work.decide(VISIT, id, command, expected)
    if visiting(known) != visiting(state):
        _count_place(work, known, -1)
        _count_place(work, state, 1)
    was, now = (None if each is None or each.state == "void" else each.topic for each in (known, state))
    if was != now:
        _count_evidence(work, was, visits=-1)
        _count_evidence(work, now, visits=1)
    return state


def _measure(work: Work, id: str, command: Any, expected: int | None) -> Measure:
    """A measure belongs to a topic, which counts it in its state."""
    known: Measure | None = work.get(MEASURE, id)
    if isinstance(command, contract.MeasureContent):
        command = command.model_copy(update={"topic": _linked(work, command, known)})
    state: Measure = work.decide(MEASURE, id, command, expected)
    was, now = (
        None if each is None or each.state == contract.MeasureState.void else (each.topic, each.state)
        for each in (known, state)
    )
    if was != now:
        if was is not None and now is not None and was[0] == now[0]:
            _count_evidence(work, now[0], was=was[1], now=now[1])
        else:
            _count_evidence(work, was and was[0], was=was and was[1])
            _count_evidence(work, now and now[0], now=now and now[1])
    return state


def _linked(work: Work, command: Any, known: Visit | Measure | None) -> str:
    """The id of the topic that a visit or a measure names by id or number."""
    path = work.paths.get(command.unit, [command.unit])
    ids = store.topic_ids(path, command.topic)
    work.load(TOPIC, ids)
    id = next((id for id in ids if work.get(TOPIC, id) is not None), ids[0])
    if known is None or known.topic != id:
        check_link(work.get(TOPIC, id), path)
    return id


def _count_place(work: Work, visit: Visit | None, by: Literal[1, -1]) -> None:
    if visit is not None and visiting(visit) is not None:
        campaign = campaign_of(visit.day, work.envelope.periods)
        count = contract.CountPlace(
            unit=visit.counts_as,
            place=name_of_place(visit),
            kind=visit.kind,
            day=visit.day,
            campaign="" if campaign is None else campaign.id,
            by=by,
        )
        work.decide(PLACE, place_id_of(visit), count)


def _count_evidence(work: Work, topic: str | None, **told: Any) -> None:
    if topic is not None:
        work.decide(TOPIC, topic, contract.CountEvidence(id=topic, **told))


def warnings(work: Work, visit: Visit) -> list[dict[str, str]]:
    """Says where a unit or place gets too many visits in a month: nobody is refused for it."""
    most = norm_of(work).visits_a_month
    count = in_month(work.get(PLACE, place_id_of(visit)), visit.day)
    if count <= most or visit.state == "void":
        return []
    detail = (
        f"{visit.day.year}年{visit.day.month}月该单位已被调研 {count} 次，超过每月 {most} 次，请统筹安排，避免扎堆调研"
    )
    return [{"code": "visit.crowded", "detail": detail}]
