"""How often branches are to meet: the defaults, each with its source, and what the office said anew of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import UnitKind

from ..contract import Each, Form, Norm, NormSet, PlaceNorm

_BRANCHES = [UnitKind.branch, UnitKind.joint_branch]
_ARTICLES = "《中国共产党支部工作条例（试行）》"
_READ, _SECONDARY, _UNVERIFIED = "已核对原文", "二手资料", "未核实"
NORMS = [
    Norm(
        id="general_meeting",
        name="支部党员大会",
        kind=Form.general_meeting,
        each=Each.quarter,
        number=1,
        kinds=_BRANCHES,
        source=_ARTICLES,
        trust=_SECONDARY,
    ),
    Norm(
        id="committee_meeting",
        name="支部委员会",
        kind=Form.committee_meeting,
        each=Each.month,
        number=1,
        kinds=_BRANCHES,
        from_members=7,
        source=f"{_ARTICLES}第十二条（7 人以上设支部委员会，为{_SECONDARY}）",
        trust=_READ,
    ),
    Norm(
        id="group_meeting",
        name="党小组会",
        kind=Form.group_meeting,
        each=Each.month,
        number=1,
        kinds=_BRANCHES,
        source=f"{_ARTICLES}第十三条",
        trust=_READ,
    ),
    Norm(
        id="lecture",
        name="专题党课",
        kind="lecture",
        each=Each.quarter,
        number=1,
        kinds=_BRANCHES,
        source=_ARTICLES,
        trust=_SECONDARY,
    ),
    Norm(
        id="theme_day",
        name="主题党日",
        kind=Form.theme_day,
        each=Each.month,
        number=1,
        kinds=_BRANCHES,
        source=_ARTICLES,
        trust=_UNVERIFIED,
    ),
]
"""The defaults. Not every branch has groups: the list tells what was held, no verdict."""


class SaidNorm(BaseModel):
    """What was said anew of a norm, and by whom."""

    model_config = ConfigDict(frozen=True)

    unit: str
    id: str
    number: int
    each: Each
    from_members: int
    source: str
    trust: str


def in_force(default: Norm, said: SaidNorm | None) -> Norm:
    """A norm as it binds now."""
    return default if said is None else default.model_copy(update=said.model_dump(exclude={"unit", "id"}))


def decide(state: SaidNorm | None, command: PlaceNorm, now: datetime) -> list[NormSet]:
    """A norm said anew; nothing where it says what is so already.

    Raises:
        DomainError: norm.unknown.
    """
    if command.id not in {norm.id for norm in NORMS}:
        raise wrong("norm.unknown", "id", f"没有频次标准“{command.id}”", "not_found")
    said = command.model_dump()
    if state is not None and said == state.model_dump():
        return []
    return [NormSet(**said, day=business_day(now))]


def evolve(state: SaidNorm | None, event: NormSet) -> SaidNorm:
    """What is said after it."""
    return SaidNorm(**event.model_dump(exclude={"day"}))


NORM = Aggregate("norm", SaidNorm, decide, evolve, lambda norm: (norm.unit,))
