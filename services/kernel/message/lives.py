"""The life of a unit, and what a command asks of it: whoever names a unit and a day is asked if it was there then.

A command declares which of its fields name units and which one says the day (`Command.unit_fields`). The edge puts the
lives of these units into the envelope; `Work.decide` asks them, for forms, sheets and programs alike. What a record
says already is not asked again: its own day decided, and it can be corrected after its unit has gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .clock import business_day
from .errors import DomainError, FieldError


class Life(BaseModel):
    """From which day on a unit is there, and the first day on which it is no more."""

    model_config = ConfigDict(frozen=True)

    first: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether it is there on a day."""
        return self.first <= day and (self.until is None or day < self.until)


Rule = Literal["on", "within", "through", "ever"]


@dataclass(frozen=True)
class UnitField:
    """A field of a command that names a unit, or several: `life/handler`, `group/unit`; `label` is what people call it.

    `day` is the field that says when, today where it is none or empty; a month stands for its days. `rule` says when
    the unit must have been there:

    - `on`: on that day;
    - `within`: on some day from then on, up to `last` if there is such a field: for who has a task, which may pass on;
    - `through`: on each day from then on, up to the day before `last`: for where somebody belongs;
    - `ever`: it need only be known: for what a command is about, and where another rule asks the tree.
    """

    field: str
    label: str
    day: str = ""
    last: str = ""
    rule: Rule = "on"


UnitFields = tuple[UnitField, ...]


def units_of(fields: Iterable[UnitField], asked: Any) -> set[str]:
    """All units that a command names in its declared fields."""
    return {unit for named in fields for _, unit in _at(asked, named.field)}


def named_in(fields: Iterable[UnitField], asked: Any) -> dict[str, str]:
    """The same, by where each stands in the command: `group/0/unit` → the unit."""
    return {pointer: unit for named in fields for pointer, unit in _at(asked, named.field)}


def check(fields: Iterable[UnitField], asked: Any, state: Any, lives: Mapping[str, Life], today: date) -> None:
    """Refuse units that were not there when the command says; `state` is the record as it stands, or None.

    A unit of which nothing is known here is for its owner's rules.

    Raises:
        DomainError: unit.not_active, with a pointer to each such field; the text names field, unit and days.
    """
    errors: list[FieldError] = []
    for named in fields:
        if named.rule == "ever":
            continue
        day, last = _day(asked, named.day, first=True) or today, _day(asked, named.last, first=False)
        said = {unit for _, unit in _at(state, named.field)} if _same_day(named, asked, state) else set()
        for pointer, unit in _at(asked, named.field):
            life = lives.get(unit)
            if life is not None and unit not in said and (wrong := _wrong(named.rule, life, day, last)):
                errors.append({"pointer": f"/{pointer}", "detail": f"{named.label} {unit} {wrong}"})
    if errors:
        raise DomainError("unit.not_active", errors[0]["detail"], "invalid", errors)


def _wrong(rule: Rule, life: Life, day: date, last: date | None) -> str:
    """What a unit's life lacks, with its days; nothing where it lacks nothing."""
    begun = f"自 {life.first} 起设立"
    ended = f"自 {life.until} 起撤销"
    if rule == "on":
        if day < life.first:
            return f"{begun}，{day} 尚未设立"
        return "" if life.on(day) else f"{ended}，{day} 已不存在"
    if rule == "within":
        if last is not None and last < life.first:
            return f"{begun}，{last} 尚未设立"
        return "" if life.until is None or day < life.until else f"{ended}，{day} 已不存在"
    if day < life.first:
        return f"{begun}，不能早于该日"
    gone = life.until is not None and (last is None or last > life.until)
    return f"{ended}，不能编入该日以后" if gone else ""


def _same_day(named: UnitField, asked: Any, state: Any) -> bool:
    return state is not None and _day(asked, named.day, first=True) == _day(state, named.day, first=True)


def _day(source: Any, field: str, *, first: bool) -> date | None:
    """The business day in a field, from a day, an instant or a month."""
    value = next((value for _, value in _at(source, field)), None) if field else None
    if isinstance(value, datetime):
        return business_day(value)
    if isinstance(value, str):
        start = date.fromisoformat(f"{value}-01")
        return start if first else (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return value


def _at(source: Any, field: str) -> Iterator[tuple[str, Any]]:
    """What is at a field, with its pointer: lists on the way are gone through, what is empty is passed over."""
    name, _, rest = field.partition("/")
    value: Any = getattr(source, name, None)
    many = isinstance(value, list | tuple)
    for place, each in enumerate(value if many else [value]):
        pointer = f"{name}/{place}" if many else name
        if not rest and each not in (None, ""):
            yield pointer, each
        elif rest:
            for below, found in _at(each, rest):
                yield f"{pointer}/{below}", found
