"""Pairs of a central and a provincial unit: each counts while it lasts; who is who follows from the units' kinds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import UNIT_KINDS, UnitKind

from ..contract import (
    SIDES,
    CorrectPair,
    PairContent,
    PairCorrected,
    PairRecorded,
    PairReturned,
    PairVoided,
    Part,
    RecordPair,
    ReturnPair,
    Side,
    VoidPair,
)
from .reported import Ledger, Reported

KINDS: dict[Side, frozenset[UnitKind]] = {
    "central": frozenset({UnitKind.central}),
    "provincial": frozenset({UnitKind.committee, UnitKind.department, UnitKind.institution, UnitKind.enterprise}),
}


class Pair(Reported):
    """A pair as it stands."""

    unit: str
    day: date
    title: str
    central: str
    provincial: str
    last: date | None
    tags: list[str]


def check_side(side: Side, unit: str, kind: UnitKind | None) -> None:
    """Each side of a pair is a unit of the kinds that the side stands for.

    Raises:
        DomainError: pair.unit_unknown, pair.kind_mismatch.
    """
    if kind is None:
        raise wrong("pair.unit_unknown", side, f"单位名册中没有{SIDES[side]} {unit}")
    if kind not in KINDS[side]:
        known = "、".join(UNIT_KINDS[each] for each in UnitKind if each in KINDS[side])
        raise wrong("pair.kind_mismatch", side, f"单位 {unit} 是“{UNIT_KINDS[kind]}”，{SIDES[side]}一方应为：{known}")


def counts(pair: Pair | PairContent) -> list[Part]:
    """A pair is one more from its first day, and one less from the day after its last."""
    begins = Part(figure="pairs", unit=pair.unit, day=pair.day, tags=tuple(pair.tags))
    if pair.last is None:
        return [begins]
    return [begins, begins.model_copy(update={"day": pair.last + timedelta(days=1), "amount": -1})]


_RULES = Ledger(
    ("pair", "联学结对"),
    (RecordPair, CorrectPair, ReturnPair, VoidPair),
    (PairRecorded, PairCorrected, PairReturned, PairVoided),
    Pair,
    ("title", "central", "provincial", "last", "tags", "number"),
    counts,
)


def decide(state: Pair | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a pair.

    Raises:
        DomainError: pair.days_out_of_order, pair.unit_outside, pair.units_fixed, and what every register refuses.
    """
    if isinstance(command, PairContent):
        if command.last is not None and command.last < command.day:
            raise wrong("pair.days_out_of_order", "last", f"最后一日 {command.last} 早于结对日期 {command.day}")
        if command.unit not in (command.central, command.provincial):
            raise wrong("pair.unit_outside", "unit", "登记单位应为结对双方之一")
        units = (command.central, command.provincial)
        if state is not None and isinstance(command, CorrectPair) and units != (state.central, state.provincial):
            raise wrong("pair.units_fixed", "central", "不能改变结对双方，请作废后另行登记")
    return _RULES.decide(state, command, now)


counted = _RULES.placed
PAIR = Aggregate("pair", Pair, decide, _RULES.evolve, lambda pair: (pair.central, pair.provincial))
