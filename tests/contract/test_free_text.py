"""Every text of every contract says what it is: free, and so redacted; personal, and so sealed; or a name for a thing.

A new field of bare `str` fails here until its type says which of them it is.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, StringConstraints

from services.kernel.message.event import Payload
from services.kernel.message.free_text import FREE, NAMED, SEALED, FreeText, names

_PRINTABLE = r"^[^\x00-\x1f]*$"
KERNELS = ("services.kernel.message.held_rows", "services.kernel.message.import_rows", "services.kernel.sheets.ledger")
_GROUPS = (
    # records and what stands in them
    "id contest digest entry figure figures import_id item key material member notice pair plan programme receipt",
    "recorded session topic row",
    # units, users and places in the tree
    "before by central cooperating counts_as handler into issuer judge judges organiser owner pair_unit parent path",
    "provincial reported_unit superior unit units user visited",
    # numbers that a unit gives, codes, tags, days, months and windows
    "after campaign credit_code first last month number party_code queue spans tag tags under window",
    # one of a few: kinds, states, rules
    "action kind missing rank state tie",
    # what is looked for, and what a sheet's row model reads
    "q rows",
)
NAMES_OF_THINGS = frozenset(name for group in _GROUPS for name in group.split())
"""Fields that name a thing and are never written as somebody likes."""


def _modules(within: str) -> Iterator[Any]:
    package = importlib.import_module(within)
    for module in pkgutil.walk_packages(package.__path__, f"{within}."):
        if not module.name.startswith(("services.edge.pb", "services.cli")) and "__main__" not in module.name:
            yield importlib.import_module(module.name)


def _contracts() -> list[type[BaseModel]]:
    """The models of what crosses a process boundary: every contract's, the kernel's commands and rows."""
    return [
        model
        for module in _modules("services")
        if ".contract" in module.__name__ or module.__name__ in KERNELS
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__
    ]


def _asked() -> Iterator[tuple[str, str, Any, Iterable[Any]]]:
    """What is asked for over REST: of each operation its parameters and its body."""
    for module in _modules("services.edge.http_api"):
        router = getattr(module, "router", None)
        for route in router.routes if isinstance(router, APIRouter) else ():
            if isinstance(route, APIRoute):
                for parameter in (*route.dependant.query_params, *route.dependant.body_params):
                    yield route.path, parameter.name, parameter.field_info.annotation, parameter.field_info.metadata


def fields(model: type[BaseModel]) -> Iterator[tuple[str, str, Any, Iterable[Any]]]:
    """Each field of a model: where, its name, its type and what is annotated to it."""
    for name, field in model.model_fields.items():
        yield f"{model.__module__}.{model.__qualname__}", name, field.annotation, field.metadata


def texts(declared: Any, told: Iterable[Any] = ()) -> Iterator[list[Any]]:
    """What is annotated to each text inside a type, or to a type around it."""
    if get_origin(declared) is Annotated:
        inner, *more = get_args(declared)
        yield from texts(inner, [*told, *(part for each in more for part in getattr(each, "metadata", None) or [each])])
    elif declared is str:
        yield list(told)
    else:
        for part in get_args(declared):
            if part is not Ellipsis and not isinstance(part, str):
                yield from texts(part, told)


def models(declared: Any) -> Iterator[type[BaseModel]]:
    """The models inside a type."""
    if isinstance(declared, type) and issubclass(declared, BaseModel):
        yield declared
    for part in get_args(declared):
        yield from models(part)


def unsaid(name: str, declared: Any, told: Iterable[Any]) -> bool:
    """Whether a field holds a text of which nothing says what it is."""
    return any(not _said(name, each) for each in texts(declared, told))


def _said(name: str, told: list[Any]) -> bool:
    if FREE in told or SEALED in told or NAMED in told or name in NAMES_OF_THINGS:
        return True
    patterns = [pattern for each in told if isinstance(pattern := getattr(each, "pattern", None), str)]
    return any(pattern != _PRINTABLE for pattern in patterns)


def test_every_text_of_every_contract_says_what_it_is() -> None:
    """Commands, their parts, events and rows of sheets hold no text that is neither free, sealed nor a thing's name."""
    found = [
        f"{where}.{name}"
        for model in _contracts()
        for where, name, declared, told in fields(model)
        if unsaid(name, declared, told)
    ]
    assert found == []


def test_every_text_that_is_asked_for_over_rest_says_what_it_is() -> None:
    """Bodies, the parts of bodies, and the parameters of addresses likewise."""
    found: set[str] = set()
    waiting = list(_asked())
    seen: set[type[BaseModel]] = set()
    while waiting:
        where, name, declared, told = waiting.pop()
        if unsaid(name, declared, told):
            found.add(f"{where}.{name}")
        for model in models(declared):
            if model not in seen:
                seen.add(model)
                waiting.extend(fields(model))
    assert len(seen) > 60
    assert sorted(found) == []


def test_no_events_bears_what_is_sealed() -> None:
    """What is personal is in no event."""
    events = [model for model in _contracts() if issubclass(model, Payload)]
    assert len(events) > 80
    assert [
        model
        for model in events
        for _, _, declared, told in fields(model)
        for each in texts(declared, told)
        if SEALED in each
    ] == []


def test_a_name_of_a_thing_is_no_free_text_elsewhere() -> None:
    """What is masked where it is shown is masked by a field's name: none of them names a record or a unit."""
    assert {"title", "reason", "answer", "category"} <= names()
    assert names() & NAMES_OF_THINGS == frozenset()


class Planted(BaseModel):
    """A contract as it would be if somebody forgot."""

    remark: str
    remarks: list[str]
    by_item: dict[str, str]
    perhaps: str | None = None
    printable: Annotated[str, StringConstraints(pattern=_PRINTABLE)]
    free: FreeText | None = None
    secret: Annotated[str, SEALED]
    code: Annotated[str, Field(pattern="^[A-Z]+$")] | None = None
    unit: str


def test_a_text_that_says_nothing_is_found() -> None:
    """The walk catches a bare text in a field, a list, a table, or beside nothing."""
    found = {name for _, name, declared, told in fields(Planted) if unsaid(name, declared, told)}
    assert found == {"remark", "remarks", "by_item", "perhaps", "printable"}
