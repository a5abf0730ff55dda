"""The configuration, as a record of its own: every change has its day, its author and its source."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import DEFAULT_KINDS, NormSet, PlaceNorm, TopicKind

NORM_ID = "research"


class Norm(BaseModel):
    """The kinds of topics, how many visits a month are too many, and who says so."""

    model_config = ConfigDict(frozen=True)

    unit: str = ""
    kinds: list[TopicKind] = DEFAULT_KINDS
    visits_a_month: int = 3
    source: str = "平台默认值，可按本省规定修改"

    def check_kind(self, kind: str) -> None:
        """A topic is of a kind that is configured.

        Raises:
            DomainError: topic.kind_unknown.
        """
        if kind not in {known.id for known in self.kinds}:
            names = "、".join(f"{known.name}（{known.id}）" for known in self.kinds)
            raise wrong("topic.kind_unknown", "kind", f"没有课题类型“{kind}”，可选：{names}")

    def kind_named(self, name: str) -> str:
        """The id of the kind of that name; the name itself where there is none, for the check to refuse."""
        return next((known.id for known in self.kinds if known.name == name), name)

    def name_of(self, kind: str) -> str:
        """What a kind is called; its id where it is no longer configured."""
        return next((known.name for known in self.kinds if known.id == kind), kind)


def decide(state: Norm | None, command: PlaceNorm, now: datetime) -> list[NormSet]:
    """The configuration said anew; nothing where it says what is so already."""
    said = command.model_dump()
    if state is not None and said == state.model_dump():
        return []
    return [NormSet(**said, day=business_day(now))]


def evolve(state: Norm | None, event: NormSet) -> Norm:
    """The configuration after it."""
    return Norm(unit=event.unit, kinds=event.kinds, visits_a_month=event.visits_a_month, source=event.source)


NORM = Aggregate("norm", Norm, decide, evolve, lambda norm: (norm.unit,))
