"""A measure of the conversion list: noted, said to be done, settled by who asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.counting import with_counts
from services.kernel.rules.rules import fixed, not_in_future, number_taken, wrong

from ..contract import (
    BECAME,
    MEASURE_STATES,
    PERCENT,
    CorrectMeasure,
    Counted,
    HandOverMeasure,
    MeasureBecameProblem,
    MeasureBecameRegulation,
    MeasureContent,
    MeasureCorrected,
    MeasureFields,
    MeasureLife,
    MeasureRecorded,
    MeasureReturned,
    MeasureSettled,
    MeasureState,
    MeasureSubmitted,
    MeasureVoided,
    NoteProgress,
    Progress,
    ProgressNoted,
    RecordMeasure,
    ReturnMeasure,
    SettleMeasure,
    SubmitMeasure,
    VoidMeasure,
)

S = MeasureState
_NAME = "转化措施"


class Measure(BaseModel):
    """A measure as it stands, with the latest of its notes; the earlier ones are in the journal."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    topic: str
    owner: str
    cooperating: list[str]
    due: date
    tags: list[str] = []
    number: str | None
    state: MeasureState = S.set
    progress: Progress | None = None
    noted: date | None = None
    settled: date | None = None
    became: Literal["regulation", "problem"] | None = None
    reason: str | None = None
    rows: list[str] = []


class RestateMeasure(CorrectMeasure):
    """A correction that says steps anew too: out of a sheet, whose rows tell a whole life."""

    life: MeasureLife


def counted(measure: Measure | None) -> list[Counted]:
    """What a measure counts, for the unit that asked for it: itself, and on the day on which it was settled that."""
    if measure is None or measure.state == S.void:
        return []
    tags = tuple(measure.tags)
    found = [Counted(figure="measures", unit=measure.unit, day=measure.day, tags=tags)]
    if measure.settled is not None:
        found.append(Counted(figure="measures_settled", unit=measure.unit, day=measure.settled, tags=tags))
    return found


def percent(measures: Mapping[MeasureState, int]) -> int | None:
    """How far a topic's measures have come: the mean of their percentages, rounded down; None where there are none."""
    number = sum(measures.values())
    return sum(PERCENT[S(state)] * count for state, count in measures.items()) // number if number else None


def decide(state: Measure | None, command: Command, now: datetime) -> list[MeasureFields]:
    """What follows from a command on a measure; nothing where it says what is so already.

    Raises:
        DomainError: the content is not possible, or the measure does not stand where the command needs it.
    """
    return with_counts(state, _decide(state, command, now), evolve, counted)


def _decide(state: Measure | None, command: Command, now: datetime) -> list[MeasureFields]:
    if isinstance(command, RecordMeasure):
        return _record(state, command, now)
    if state is None:
        raise DomainError("measure.not_found", "没有这项转化措施", "not_found")
    if state.state == S.void:
        raise DomainError("measure.void", "该转化措施已作废，不能再更改", "conflict")
    if isinstance(command, CorrectMeasure):
        return _correct(state, command, now)
    if isinstance(command, NoteProgress):
        return _note(state, command, now)
    return [_step(state, command, now)]


def _note(state: Measure, command: NoteProgress, now: datetime) -> list[MeasureFields]:
    _stands(state, (S.set, S.working), "填报进展")
    day = _on(state, command.day, now)
    if (command.progress, day) == (state.progress, state.noted):
        return []
    return [ProgressNoted(unit=state.unit, day=day, progress=command.progress)]


def _step(state: Measure, command: Command, now: datetime) -> MeasureFields:
    place = {"unit": state.unit, "day": business_day(now)}
    match command:
        case VoidMeasure():
            return MeasureVoided(**place, reason=command.reason, row=command.row)
        case SubmitMeasure():
            _stands(state, (S.set, S.working), "申请销号")
            return MeasureSubmitted(**place)
        case SettleMeasure():
            _stands(state, (S.submitted,), "销号")
            return MeasureSettled(unit=state.unit, day=_on(state, command.day, now))
        case ReturnMeasure():
            _stands(state, (S.submitted, S.settled), "退回")
            return MeasureReturned(**place, reason=command.reason)
        case HandOverMeasure():
            return _hand_over(state, command, place)
    raise TypeError(f"no measure takes {type(command).__name__}")


def _record(state: Measure | None, command: RecordMeasure, now: datetime) -> list[MeasureFields]:
    _check(command, now)
    if state is None:
        return [MeasureRecorded(**_told(command), row=command.row)]
    if state.state == S.void or _told(command) != _told(state):
        raise number_taken("measure", _NAME, command.number, state.state == S.void)
    return []


def _correct(state: Measure, command: CorrectMeasure, now: datetime) -> list[MeasureFields]:
    _check(command, now)
    fixed("measure", _NAME, (state.unit, state.number), (command.unit, command.number))
    told = {**_told(command), "number": state.number}
    life = command.life if isinstance(command, RestateMeasure) and command.life.model_fields_set else None
    if told == _told(state) and life is None:
        return []
    _check_order(command.day, state.model_copy(update=_steps(life)), life, now)
    return [MeasureCorrected(**told, reason=command.reason, row=command.row, life=life)]


def _check_order(day: date, measure: Measure, life: MeasureLife | None, now: datetime) -> None:
    """Set, noted and settled one after another, none of it ahead."""
    last, what = day, "登记"
    for field, name in _STEPS.items():
        at: date | None = getattr(measure, field)
        if at is None:
            continue
        said = life is not None and field in life.model_fields_set
        if said:
            not_in_future(at, now, field)
        if at < last:
            detail = f"{name}日期 {at} 早于{what}日期 {last}" if said else f"{what}日期晚于已登记的{name}日期 {at}"
            raise wrong("measure.dates_out_of_order", field if said else "day", detail)
        last, what = at, name


def _steps(life: MeasureLife | None) -> dict[str, Any]:
    return {} if life is None else {name: getattr(life, name) for name in life.model_fields_set}


def _hand_over(state: Measure, command: HandOverMeasure, place: dict[str, Any]) -> MeasureFields:
    if state.became is not None:
        raise DomainError("measure.became", f"该措施已转为{BECAME[state.became]}，不能再转", "conflict")
    told = {name: getattr(state, name) for name in ("title", "topic", "owner", "cooperating", "due")}
    became = MeasureBecameRegulation if command.into == "regulation" else MeasureBecameProblem
    return became(**place, **told)


def evolve(state: Measure | None, event: Any) -> Measure:
    """The measure after what happened."""
    if isinstance(event, MeasureRecorded):  # a correction says all of it too
        kept = {} if state is None else state.model_dump()
        said: dict[str, Any] = {}
        if isinstance(event, MeasureCorrected):
            said = {"reason": event.reason, **_steps(event.life)}
        return Measure(**{**kept, **_told(event), **said, "rows": _rows(state, event.row)})
    if state is None:
        raise TypeError(f"no measure to which {type(event).__name__} could happen")
    return state.model_copy(update=_CHANGES[type(event)](state, event))


_CHANGES: dict[type[MeasureFields], Callable[[Measure, Any], dict[str, Any]]] = {
    MeasureVoided: lambda state, event: {"state": S.void, "reason": event.reason, "rows": _rows(state, event.row)},
    ProgressNoted: lambda state, event: {"state": S.working, "progress": event.progress, "noted": event.day},
    MeasureSubmitted: lambda state, event: {"state": S.submitted, "reason": None},
    MeasureSettled: lambda state, event: {"state": S.settled, "settled": event.day},
    MeasureReturned: lambda state, event: {"state": S.working, "settled": None, "reason": event.reason},
    MeasureBecameRegulation: lambda state, event: {"became": "regulation"},
    MeasureBecameProblem: lambda state, event: {"became": "problem"},
}
"""What each event changes in a measure that is there."""


def parts(measure: Measure) -> Iterable[str]:
    """Who asked for it, who owns it and who helps."""
    return (measure.unit, measure.owner, *measure.cooperating)


_CONTENT = ("unit", "day", "title", "topic", "owner", "cooperating", "due", "tags", "number")
_STEPS = {"noted": "进展填报", "settled": "销号"}


def _told(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _CONTENT}


def _rows(state: Measure | None, row: str | None) -> list[str]:
    return [*([] if state is None else state.rows), *([row] if row else [])]


def _check(content: MeasureContent, now: datetime) -> None:
    not_in_future(content.day, now)
    if content.due < content.day:
        raise wrong("measure.due_before_day", "due", f"完成时限 {content.due} 早于登记日期 {content.day}")
    if content.owner in content.cooperating:
        raise wrong("measure.owner_cooperates", "cooperating", "责任单位不必再列为配合单位")


def _on(state: Measure, day: date | None, now: datetime) -> date:
    """The day on which it happened: today unless one is given, not ahead, and not before the measure's own steps."""
    on = day or business_day(now)
    not_in_future(on, now)
    earlier = max(at for at in (state.day, state.noted) if at is not None)
    if on < earlier:
        raise wrong("measure.dates_out_of_order", "day", f"日期 {on} 早于已登记的 {earlier}")
    return on


def _stands(state: Measure, allowed: tuple[MeasureState, ...], what: str) -> None:
    if state.state not in allowed:
        detail = f"该措施当前状态为“{MEASURE_STATES[state.state]}”，不能{what}"
        raise DomainError("measure.out_of_turn", detail, "conflict")


MEASURE = Aggregate("measure", Measure, decide, evolve, parts)
