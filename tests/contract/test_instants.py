"""Every day and instant that comes from outside is read by the one reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import pytest
from fastapi.dependencies.models import Dependant
from pydantic import AwareDatetime, BaseModel, create_model
from pydantic.fields import FieldInfo

from services.cli.contracts import CONTRACTS, payloads
from services.edge.http_api.app import make_app
from services.edge.pages import mount
from services.kernel.message import held_rows, import_rows
from services.kernel.message.event import Command, Envelope, Event
from services.kernel.message.instants import Day, Instant
from tests.component.access.operations import routes

APP = make_app(cast(Any, None), extend=mount)
READ_BY: dict[Any, Any] = {date: get_args(Day)[1], datetime: get_args(Instant)[1]}


def commands() -> Iterator[type[BaseModel]]:
    """Commands and queries of every service, and rows of every sheet."""
    for module in (*CONTRACTS, import_rows, held_rows):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Command):
                yield value
    for contract in CONTRACTS:
        yield from (sheet.row for sheet in getattr(contract, "SHEETS", {}).values())


def leaves(told: Any, marks: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The plain types within an annotation, each with what is annotated to it."""
    if get_origin(told) is Annotated:
        yield from leaves(get_args(told)[0], (*marks, *get_args(told)[1:]))
    elif get_origin(told) in (Union, UnionType):
        for each in get_args(told):
            yield from leaves(each, marks)
    elif get_args(told):
        for each in get_args(told):
            yield from leaves(each)
    else:
        yield told, marks


def found(models: Iterable[type[BaseModel]]) -> dict[str, tuple[type, tuple[Any, ...]]]:
    """Every date and instant in the models and in the models that these are made of, by where it stands."""
    places: dict[str, tuple[type, tuple[Any, ...]]] = {}
    waiting, seen = list(models), set[type[BaseModel]]()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            for kind, marks in leaves(field.annotation, tuple(field.metadata)):
                if kind in READ_BY or kind is AwareDatetime:
                    places[f"{model.__module__}.{model.__name__}.{name}"] = (kind, marks)
                elif isinstance(kind, type) and issubclass(kind, BaseModel):
                    waiting.append(kind)
    return places


def parameters(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    """What a route takes: its path, its query, its body, and what its dependencies take."""
    for each in (*dependant.path_params, *dependant.query_params, *dependant.header_params, *dependant.body_params):
        yield each.name, each.field_info
    for inner in dependant.dependencies:
        yield from parameters(inner)


def unread(places: dict[str, tuple[type, tuple[Any, ...]]]) -> list[str]:
    """Those that the one reader does not read."""
    return sorted(place for place, (kind, marks) in places.items() if READ_BY.get(kind) not in marks)


def test_what_commands_and_rows_take_is_read_by_the_one_reader() -> None:
    """No command, query or row has a date or an instant that pydantic would read in its own way."""
    places = found(commands())
    assert len(places) > 50
    assert unread(places) == []


def test_what_the_api_takes_is_read_by_the_one_reader() -> None:
    """Bodies and parameters of every operation, pages too."""
    places: dict[str, tuple[type, tuple[Any, ...]]] = {}
    for route, _ in routes(APP):
        for name, field in parameters(route.dependant):
            for kind, marks in leaves(field.annotation, tuple(field.metadata)):
                if kind in READ_BY:
                    places[f"{route.name} {name}"] = (kind, marks)
                elif isinstance(kind, type) and issubclass(kind, BaseModel):
                    places |= found([kind])
    assert len(places) > 20
    assert unread(places) == []


def test_what_the_platform_tells_bears_an_offset() -> None:
    """No event, no envelope and no answer has an instant that might be naive."""
    answers = [
        kind
        for route, _ in routes(APP)
        if route.response_model is not None
        for kind, _ in leaves(route.response_model)
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    told = found([*(kind for _, kind in payloads()), Envelope, Event, *answers])
    aware = get_args(Instant)[1]
    assert [place for place, (kind, marks) in told.items() if kind is datetime and aware not in marks] == []


@pytest.mark.parametrize("planted", [datetime, datetime | None, list[datetime], date, dict[str, date | None]])
def test_a_field_that_pydantic_would_read_in_its_own_way_is_found(planted: Any) -> None:
    """The walk bites, however deep it stands."""
    inner = create_model("Inner", at=planted)
    outer = create_model("Outer", inner=list[inner], day=Day, on=Instant | None)
    assert [place.rpartition(".")[2] for place in unread(found([outer]))] == ["at"]
