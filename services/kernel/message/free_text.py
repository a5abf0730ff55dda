"""Free text as a type: it is redacted wherever it is declared, so that no new field can forget.

`FREE` in an annotation redacts the text once its other constraints hold. Each field so declared is known by its name
from then on: what was kept before its redaction is masked under that name wherever it is shown (`masked`).
`SEALED` says that a text is personal and lies in the vault: it is part of no event, and no refusal repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

from .redaction import hide, redact

M = TypeVar("M", bound=BaseModel)

_names: set[str] = set()
_noted: ContextVar[set[str] | None] = ContextVar("redacted_fields", default=None)


@dataclass(frozen=True)
class Free:
    """Marks a text that somebody writes as they like."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Redact after whatever else is asked of the text."""
        if name := handler.field_name:
            _names.add(name)
        return core_schema.with_info_after_validator_function(_redacted, handler(source))


@dataclass(frozen=True)
class Sealed:
    """Marks a text that is personal: kept in the vault under a key of its own, never in an event."""


@dataclass(frozen=True)
class Named:
    """Marks the name of a thing, an id or a code, where a free text elsewhere bears the field's name."""


FREE, SEALED, NAMED = Free(), Sealed(), Named()

_PRINTABLE = r"^[^\x00-\x1f]*$"
FreeText = Annotated[str, FREE]
"""Free text of whatever length, as events bear it."""
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_PRINTABLE), FREE]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), FREE]
Post = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_PRINTABLE), FREE]
"""What somebody is; never a name."""
Note = Annotated[str, StringConstraints(max_length=2000), FREE]
"""A text of some length that may be left empty."""


def _redacted(text: str, info: core_schema.ValidationInfo) -> str:
    less = redact(text)
    if less != text and (noted := _noted.get()) is not None:
        noted.add(info.field_name or "")
    return less


@contextmanager
def noting() -> Iterator[set[str]]:
    """The names of the fields of which something is taken out inside, so that whoever wrote them can be told."""
    noted: set[str] = set()
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def noted() -> frozenset[str]:
    """What `noting` has noted so far, wherever it was begun."""
    return frozenset(_noted.get() or ())


def names() -> frozenset[str]:
    """The names of all fields that this process knows as free text."""
    return frozenset(_names)


def masked(told: Any) -> Any:
    """The same records, rows or data of events, what stands under a free text's name redacted.

    What was kept before there was this rule is stored as it was: this is for where it is shown or sent.
    """
    if isinstance(told, dict):
        return {name: _texts(value) if name in _names else masked(value) for name, value in told.items()}
    if isinstance(told, list):
        return [masked(each) for each in told]
    return told


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_texts(each) for each in value]
    if isinstance(value, dict):
        return {name: _texts(each) for name, each in value.items()}
    return value


def free_texts(told: Any, *, free: bool = False) -> Iterator[str]:
    """What a command, a row or a part of one says in somebody's own words."""
    if isinstance(told, BaseModel):
        for name, field in type(told).model_fields.items():
            yield from free_texts(getattr(told, name), free=FREE in metadata(field))
    elif isinstance(told, list):
        for each in told:
            yield from free_texts(each, free=free)
    elif isinstance(told, str) and told and free:
        yield told


def hidden(told: M, names: Iterable[str], numbers: Iterable[str]) -> M:
    """The same command, row or part, these persons' names and numbers hidden in its free texts."""

    def less(value: Any, *, free: bool) -> Any:
        if isinstance(value, BaseModel):
            return hidden(value, names, numbers)
        if isinstance(value, list):
            return [less(each, free=free) for each in value]
        return hide(value, names, numbers) if free and isinstance(value, str) else value

    was = {name: (getattr(told, name), FREE in metadata(field)) for name, field in type(told).model_fields.items()}
    now = {name: less(value, free=free) for name, (value, free) in was.items()}
    return told.model_copy(update={name: value for name, value in now.items() if value != was[name][0]})


def sealed(model: type[BaseModel], field: str) -> bool:
    """Whether a field of a model is personal."""
    return field in model.model_fields and SEALED in metadata(model.model_fields[field])


def echo(model: type[BaseModel], field: str, typed: str) -> str:
    """What a refusal repeats of what was typed into a field: nothing of what is personal, and no number that may be."""
    return "" if sealed(model, field) else f"：{redact(typed)[:40]}"


def metadata(declared: Any) -> Iterable[Any]:
    """All that is annotated to a field or a type, at any depth of it."""
    yield from getattr(declared, "metadata", ()) or getattr(declared, "__metadata__", ())
    for part in (getattr(declared, "annotation", None), *getattr(declared, "__args__", ()), *_origin(declared)):
        if part is not None:
            yield from metadata(part)


def _origin(declared: Any) -> tuple[Any, ...]:
    return (declared.__origin__,) if hasattr(declared, "__metadata__") else ()
