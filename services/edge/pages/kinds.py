"""What pages do with a record of any kind: by its description, or by handlers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.resource import Record, Resource, Step, units_by
from services.organisation.contract import may

from ..gate import Gate, Principal
from ..http_api.resources import content_of
from ..resources import Asked, add, change, content_model, listing_of, one, page, step_model
from .fields import made
from .forms import headers_of, with_key
from .special import HANDLERS


def asked_by(request: Request, reader: Principal, gate: Gate, key: str = "", version: str = "") -> Asked:
    """What a page asks, under its form's own key and the version of the record that the form showed."""
    return Asked(gate, reader, headers_of(request, key, version), request.url.path)


async def listed(
    resource: Resource, request: Request, reader: Principal, gate: Gate, /, **asked: Any
) -> dict[str, Any]:
    """A page of records of a kind."""
    told = {name: value for name, value in asked.items() if value not in (None, "")}
    if (own := HANDLERS.get(resource.kind)) is not None:
        return dict(await own.list(request=request, caller=reader, gate=gate, asked=told))
    return await page(asked_by(request, reader, gate), resource, made(listing_of(resource), told))


async def found(resource: Resource, id: str, request: Request, reader: Principal, gate: Gate) -> dict[str, Any]:
    """One record."""
    if (own := HANDLERS.get(resource.kind)) is not None:
        return dict(await own.get(id=id, request=request, caller=reader, gate=gate))
    return await one(asked_by(request, reader, gate), resource, id)


def model_of(resource: Resource) -> type[BaseModel]:
    """What is sent to make a record of a kind."""
    own = HANDLERS.get(resource.kind)
    return content_model(resource) if own is None else own.body


async def added(
    resource: Resource, content: Mapping[str, Any], key: str, request: Request, reader: Principal, gate: Gate
) -> str:
    """A new record's id."""
    if (own := HANDLERS.get(resource.kind)) is not None:
        body = made(own.body, content)
        new = await own.add(body=body, request=with_key(request, key), caller=reader, gate=gate)
        return str(dict(new)["id"])
    told = content_of(made(content_model(resource), content))
    return str((await add(asked_by(request, reader, gate, key), resource, told))["id"])


async def taken(
    resource: Resource,
    step: Step,
    id: str,
    content: Mapping[str, Any],
    key: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    version: str = "",
) -> None:
    """A step with a record."""
    if (own := HANDLERS.get(resource.kind)) is not None:
        model, take = own.steps[step.name]
        await take(id=id, body=made(model, content), request=with_key(request, key), caller=reader, gate=gate)
        return
    sent = step_model(resource, step)
    told = content_of(made(sent, content)) if sent is not None else {}
    await change(asked_by(request, reader, gate, key, version), resource, step, id, told)


async def may_take(gate: Gate, reader: Principal, step: Step, record: Record) -> bool:
    """Whether the reader may take the step with this record: one that would be refused is not offered."""
    if record["state"] not in step.states:
        return False
    units = units_by(record, step.by) or [record.get("unit", "")]
    paths = await gate.directory.paths(units)
    return any(may(reader.roles, Action(step.action), paths.get(unit, [unit])) is not None for unit in units)


def step_of(resource: Resource, name: str) -> Step:
    """A step by its address.

    Raises:
        DomainError: record.not_found.
    """
    chosen = next((each for each in resource.steps if each.name == name), None)
    if chosen is None:
        raise DomainError("record.not_found", "没有这种操作", "not_found")
    return chosen
