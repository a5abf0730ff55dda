"""Every command that names a unit says so, and on which day the unit must have been there: a new one cannot forget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from types import SimpleNamespace
from typing import Any, ClassVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from services.gateway import contract as gateway
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, method_name
from services.kernel.message.lives import Life, UnitField, UnitFields, check
from services.registry import SERVICES
from tests.contract.test_permits import service_class

TAKEN: tuple[tuple[Any, type[Any]], ...] = (
    (gateway, service_class("gateway")),
    *((service.contract, service_class(service.package)) for service in SERVICES),
)
UNIT_LIKE = re.compile(
    r"(^|_)units?($|_)|parent|superior|handler|owner|cooperating|visited|central$|provincial$|organiser|counts_as|child"
)
NOT_UNITS = {"SplitUnit": {"into/id"}}
"""What looks like it and names no unit that there is."""


def commands() -> Iterator[type[Command]]:
    """Every command that a service takes; what only reads asks nothing of a day."""
    for contract, service in TAKEN:
        for name, model in sorted(vars(contract).items()):
            taken = isinstance(model, type) and issubclass(model, Command) and hasattr(service, method_name(model))
            if taken and not name.startswith(("Get", "List", "Export")):
                yield model


COMMANDS = list(commands())


def fields_of(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The fields of a model and of what they hold, by their way: `life/handler`."""
    for name, field in model.model_fields.items():
        yield above + name, field
        for held in _models(field.annotation):
            yield from fields_of(held, f"{above}{name}/")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def named_in(model: type[BaseModel]) -> set[str]:
    """The fields that name units: by what they are called, by their type, by what they are said to be."""
    found = set()
    for way, field in fields_of(model):
        coded = any(getattr(each, "pattern", None) == r"^[A-Z0-9][A-Z0-9-]{0,31}$" for each in field.metadata)
        called = UNIT_LIKE.search(way.rpartition("/")[2]) is not None
        said = "单位编码" in (field.description or "")
        if called or said or (coded and way != "id"):
            found.add(way)
    return found - NOT_UNITS.get(model.__name__, set())


def test_the_commands_are_found() -> None:
    """All four services', some ninety of them."""
    assert len(COMMANDS) > 80
    assert {"HoldSession", "RecordVisit", "DispatchTicket", "TransferMember"} <= {each.__name__ for each in COMMANDS}


@pytest.mark.parametrize("model", COMMANDS, ids=lambda model: model.__name__)
def test_a_command_declares_the_units_that_it_names(model: type[Command]) -> None:
    """And what it declares is there: the units, and the fields that say the days."""
    declared = {each.field for each in model.unit_fields}
    assert declared == named_in(model), f"{model.__name__}.unit_fields"
    known = {way for way, _ in fields_of(model)}
    for each in model.unit_fields:
        assert {each.day, each.last} - {""} <= known
        assert each.label


def test_a_command_that_forgets_is_caught() -> None:
    """By the name of a field, by its description, in what it holds."""

    class Part(BaseModel):
        owner: str

    class Forgets(Command):
        visited_unit: str
        parts: list[Part]

    class Remembers(Forgets):
        unit_fields: ClassVar[UnitFields] = (UnitField("visited_unit", "单位"), UnitField("parts/owner", "单位"))

    assert named_in(Forgets) == {"visited_unit", "parts/owner"} == {each.field for each in Remembers.unit_fields}


DAYS = some.dates(date(2026, 1, 1), date(2026, 12, 31))
BY_MONTH = ("DraftNotice", "DraftPlan", "RevisePlan")
"""Their days are a month's: tests/unit/kernel/test_lives.py."""
ASKING = [
    (model, each)
    for model in COMMANDS
    for each in model.unit_fields
    if each.rule != "ever" and model.__name__ not in BY_MONTH
]


@pytest.mark.parametrize(("model", "field"), ASKING, ids=lambda each: getattr(each, "__name__", None) or each.field)
@given(first=DAYS, until=some.none() | DAYS, day=DAYS)
def test_no_command_reaches_a_unit_that_was_not_there(
    model: type[Command], field: UnitField, first: date, until: date | None, day: date
) -> None:
    """Whatever the unit's life and the command's day: it is refused where the unit was not there, and nowhere else."""
    life = Life(first=first, until=until)
    there = life.on(day) if field.rule == "on" else until is None or day < until
    asked = built({field.field: "D1", **({field.day: day} if field.day else {})})
    with nullcontext() if there else pytest.raises(DomainError) as refusal:
        check(model.unit_fields, asked, None, {"D1": life}, day)
    if refusal is not None:
        told = refusal.value
        assert (told.code, told.errors[0]["pointer"]) == ("unit.not_active", f"/{field.field}")
        assert told.detail.startswith(f"{field.label} D1 ")


def built(told: dict[str, Any]) -> SimpleNamespace:
    """Something that holds these values at these ways."""
    made = SimpleNamespace()
    for way, value in told.items():
        *above, name = way.split("/")
        place = made
        for step in above:
            place.__dict__.setdefault(step, SimpleNamespace())
            place = getattr(place, step)
        setattr(place, name, value)
    return made
