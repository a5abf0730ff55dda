"""What is sent for a command, and what a list is asked by: the commands themselves without what nobody types."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, create_model
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from services.kernel.message.event import Command
from services.kernel.message.instants import Day
from services.kernel.resource import Resource, Step


@cache
def content_model(resource: Resource) -> type[BaseModel]:
    """The model of what is sent to make a record.

    Raises:
        LookupError: records of this kind are not made by anybody.
    """
    adding = resource.add
    if adding is None:
        raise LookupError(f"{resource.kind} is not made by anybody")
    more: dict[str, Any] = {}
    if adding.variants:
        names = tuple(adding.variants)
        more["state"] = (Literal[names], names[0])
    return _without(adding.command, resource.known | {"id"}, {**more, **resource.sent})


@cache
def step_model(resource: Resource, step: Step) -> type[BaseModel] | None:
    """The model of what is sent to take a step; None where nothing is."""
    command, hidden = step.command, resource.known | {"id"}
    if step.flat:
        inner: Any = command.model_fields[step.flat].annotation
        others: dict[str, Any] = {
            name: (field.annotation, field)
            for name, field in command.model_fields.items()
            if name not in hidden | {step.flat}
        }
        flat: type[BaseModel] = create_model(
            f"{command.__name__}Fields", __base__=inner, __doc__=command.__doc__, **others
        )
        return flat
    if not command.model_fields.keys() - hidden:
        return None
    return _without(command, hidden, resource.sent if step.whole else {})


def _refused(value: Any) -> Any:
    raise PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")


_UNSENT: Any = Annotated[Any, BeforeValidator(_refused), SkipJsonSchema()]  # type: ignore[type-arg]  # as metadata
"""A field that is refused where it is sent, and left out of the schema."""


def _without(command: type[Command], hidden: Collection[str], more: Mapping[str, Any]) -> type[BaseModel]:
    """The command without these fields."""
    fields: dict[str, Any] = {name: (_UNSENT, None) for name in command.model_fields if name in hidden}
    made: type[BaseModel] = create_model(
        f"{command.__name__}Fields", __base__=command, __doc__=command.__doc__, **fields, **more
    )
    return made


@cache
def listing_of(resource: Resource) -> type[BaseModel]:
    """What a list is asked by: the query's fields; no unit stands for one's own, `from` and `to` are the span."""
    query, states = resource.list, tuple(str(state) for state in resource.states)
    fields: dict[str, Any] = {
        "state": (Literal[states] | None, None),
        "unit": (str | None, Field(None, max_length=32, description="不填为本单位")),
        "first": (Annotated[Day | None, Field(alias="from")], None),
        "last": (Annotated[Day | None, Field(alias="to")], None),
    }
    return create_model(
        f"{query.__name__}Query",
        __base__=query,
        **{name: fields[name] for name in fields if name in query.model_fields},
    )
