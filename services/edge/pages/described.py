"""Forms of records as their kinds describe them: fields of labels and models, what was typed as what is sent."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.resource import Label, Record, Resource

from ..resources import Asked, listing_of, page, resource_of
from .fields import Choices, Field, Fields, chosen, told_wrong

MOST_CHOICES = 200
YES_NO = {"true": "是", "false": "否"}
_LARGE = 300
"""A text that may be longer than this is typed in a field of several lines."""


def pieces(text: str) -> list[str]:
    """What is separated by 、 or the like."""
    return [word for word in re.split(r"[、,，;；\s]+", text) if word]


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def unit_fields_of(model: type[BaseModel]) -> set[str]:
    """The fields of a model that name units."""
    return {each.field for each in model.unit_fields} if issubclass(model, Command) else set()


def fields_of(
    resource: Resource, names: Iterable[str], model: type[BaseModel], labels: Mapping[str, Label] | None = None
) -> Fields:
    """The fields in which these are typed; one of several counts is a field for each."""
    fields: Fields = {}
    for name in names:
        label = (labels or {}).get(name, resource.labels[name])
        if label.counted:
            fields |= {str(word): Field(f"{text}人数", "number") for word, text in label.words.items()}
        else:
            fields[name] = _field(label, name, model)
    return fields


def _field(label: Label, name: str, model: type[BaseModel]) -> Field:
    schema = _schema(model)
    known = schema["properties"].get(name, {})
    told = next((each for each in known.get("anyOf", [known]) if each.get("type") != "null"), known)
    if "$ref" in told:
        told = schema["$defs"][told["$ref"].rpartition("/")[2]]
    field = Field(
        label.text,
        required=label.must or name in schema.get("required", ()),
        note=label.hint,
        most=told.get("maxLength", 60),
        given=name == "unit",
    )
    if label.groups:
        return replace(field, choices=tuple((head, _texts(words)) for head, words in label.groups.items()))
    if label.words or told.get("type") == "boolean":
        return replace(field, choices=chosen(label.words or YES_NO))
    if name in unit_fields_of(model):
        return replace(field, sort="units" if told.get("type") == "array" else "unit", most=2000)
    if label.large or told.get("maxLength", 0) > _LARGE or told.get("type") == "array":
        large = label.large or told.get("maxLength", 0) > _LARGE
        return replace(field, sort="textarea" if large else "text", most=told.get("maxLength", 4000))
    sorts: dict[Any, Any] = {"date": "date", "date-time": "datetime-local"}
    sort = sorts.get(told.get("format"), "number" if told.get("type") in ("integer", "number") else "text")
    return replace(field, sort=sort)


def _texts(words: Mapping[Any, str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(key), text) for key, text in words.items())


def typed_content(
    resource: Resource, names: Iterable[str], model: type[BaseModel], values: Mapping[str, str]
) -> dict[str, Any]:
    """What was typed, as the body takes it.

    Raises:
        DomainError: request.invalid, where a line cannot be read.
    """
    content: dict[str, Any] = {}
    for name in names:
        label = resource.labels[name]
        if label.counted:
            content[name] = _counts(label, values)
        elif name in values:
            content[name] = _read(label, name, model, values[name])
    return content


def _read(label: Label, name: str, model: type[BaseModel], value: str) -> Any:
    if label.read is None:
        several = name in unit_fields_of(model) and _schema(model)["properties"][name].get("type") == "array"
        return pieces(value) if several else value
    try:
        return label.read(value)
    except ValidationError as invalid:
        detail = told_wrong(invalid.errors(include_url=False)[0])
        raise DomainError("request.invalid", detail, "invalid", [{"pointer": f"/{name}", "detail": detail}]) from None


def _counts(label: Label, values: Mapping[str, str]) -> list[dict[str, Any]]:
    told = {str(word): values[str(word)] for word in label.words if str(word) in values}
    wrong = [{"pointer": f"/{word}", "detail": "应为整数"} for word, count in told.items() if not count.isdigit()]
    if wrong:
        raise DomainError("request.invalid", "有内容需要改正", "invalid", wrong)  # type: ignore[arg-type]
    word_name, count_name = label.counted or ("", "")
    return [{word_name: word, count_name: int(count)} for word, count in told.items() if int(count)]


def known_values(resource: Resource, names: Iterable[str], record: Record) -> dict[str, str]:
    """What the fields of a form hold when a record is to be said anew."""
    values: dict[str, str] = {}
    for name in names:
        label, value = resource.labels[name], record.get(name)
        if label.counted:
            word, count = label.counted
            values |= {str(each[word]): str(each[count]) for each in value or ()}
        elif value not in (None, "", []):
            values[name] = label.write(value) if label.write else _plain(value)
    return values


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


async def with_choices(asked: Asked, resource: Resource, fields: Fields, kinds: Mapping[str, Any]) -> Fields:
    """The fields with the records that can be chosen; `kinds` are the edge's own lookups by name."""
    found = dict(fields)
    for name in fields:
        label = resource.labels.get(name)
        if label is not None and label.asked:
            with contextlib.suppress(DomainError):  # what cannot be listed is typed
                found[name] = replace(fields[name], choices=chosen(await kinds[label.asked](asked)))
        elif label is not None and label.record and label.open_states:
            found[name] = await _records(asked, label, fields[name])
    return found


async def _records(asked: Asked, label: Label, field: Field) -> Field:
    """The latest records of a kind that a field may name; where there are more, its number is typed."""
    resource = resource_of(label.record)
    try:
        told = await page(asked, resource, listing_of(resource)(page_size=MOST_CHOICES))
    except DomainError:
        return field  # what cannot be listed is typed
    if told["total"] > MOST_CHOICES:
        return replace(field, note=f"{field.note}；填其编号或标识".strip("；"))
    states = {str(state) for state in label.open_states}
    names = {item["id"]: item["title"] for item in told["items"] if item["state"] in states}
    choices: Choices = chosen(names)
    return replace(field, choices=choices) if names else field
