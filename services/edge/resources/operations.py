"""What is done with records of any kind: the same for REST, pages and gRPC, which say who asks, under which key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, new_id, record_id
from services.kernel.message.history import GetHistory
from services.kernel.message.keys import spellings
from services.kernel.message.lives import named_in, units_of
from services.kernel.resource import Resource, Step
from services.organisation.contract import Action

from ..content import invalid_content
from ..gate import Gate, Principal
from .lookups import LOOKUPS, About

Answer = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Who asks, by which gate; `headers` bear the idempotency key, the expected version and the trace.

    `address` is where a record without a number of its own is made: with the key it is the record's identity.
    """

    gate: Gate
    caller: Principal
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


async def page(asked: Asked, resource: Resource, listing: Any) -> Answer:
    """A page of the list, of the unit asked for or else of the caller's own.

    Raises:
        DomainError: role.missing, unit.unknown, unit.out_of_scope, request.invalid.
    """
    gate, caller, read = asked.gate, asked.caller, Action(resource.read)
    unit = listing.unit
    actor = gate.own(caller, read) if unit is None else await gate.allow(caller, read, unit)
    told = {name: getattr(listing, name) for name in type(listing).model_fields}
    wanted = resource.list(**{**told, "unit": unit or actor.unit})
    answer: Answer = await gate.ask(resource.service, wanted, actor, asked.headers)
    return answer


async def one(asked: Asked, resource: Resource, id: str) -> Answer:
    """One record, under whichever role of the caller's reaches it.

    Raises:
        DomainError: role.missing, record.not_found.
    """
    query = resource.get.model_validate({"id": id})
    found: Answer = await asked.gate.find(resource.service, query, asked.caller, Action(resource.read), asked.headers)
    return found


async def history(asked: Asked, resource: Resource, id: str, page: int = 1, page_size: int = 50) -> Answer:
    """A page of the steps of a record's life, the latest first.

    Raises:
        DomainError: role.missing, record.not_found.
    """
    query = GetHistory(kind=resource.kind, id=id, page=page, page_size=page_size)
    found: Answer = await asked.gate.find(resource.service, query, asked.caller, Action(resource.read), asked.headers)
    return found


async def add(asked: Asked, resource: Resource, content: Mapping[str, Any]) -> Answer:
    """A new record of a unit, with what the edge looks up for it.

    Raises:
        DomainError: role.missing, unit.unknown, unit.out_of_scope; what a lookup or the service refuses.
    """
    adding, told = resource.add, dict(content)
    if adding is None:
        raise DomainError("record.not_found", "该类记录不能逐条登记", "not_found")
    actor = await asked.gate.allow(asked.caller, Action(resource.write), told["unit"])
    id = _new_id(asked, resource, told)
    chosen = adding.variants.get(told.pop("state", ""), adding.command)
    command = await _command(asked, resource, chosen, told, id, resource.lookups, new=True)
    answer: Answer = await asked.gate.ask(resource.service, command, actor, asked.headers, _named(command))
    return answer


async def change(asked: Asked, resource: Resource, step: Step, id: str, content: Mapping[str, Any]) -> Answer:
    """A step with a record, by who may take it: the service finds out which of the caller's roles that is.

    Raises:
        DomainError: role.missing; record.not_found where no role of theirs sees it, unit.out_of_scope where none may;
            what a lookup or the service refuses.
    """
    action = Action(step.action)
    actor = asked.gate.own(asked.caller, action)
    for name in step.over:
        if (unit := content.get(name)) is not None:
            await asked.gate.allow(asked.caller, action, unit, name)
    told = _nested(step, content)
    lookups = resource.lookups if step.whole else step.lookups
    command = await _command(asked, resource, step.command, told, id, lookups, new=False)
    named = _named(command)
    answer: Answer = await asked.gate.change(resource.service, command, actor, asked.headers, named)
    return answer


def _nested(step: Step, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as the command bears it: with its one field made of the fields that were sent."""
    if not step.flat:
        return dict(content)
    own = step.command.model_fields.keys()
    inner = {name: value for name, value in content.items() if name not in own}
    return {step.flat: inner, **{name: value for name, value in content.items() if name in own}}


async def _command(
    asked: Asked,
    resource: Resource,
    command: type[Command],
    told: dict[str, Any],
    id: str,
    lookups: Iterable[str],
    *,
    new: bool,
) -> Command:
    about = About(asked.gate, asked.caller, told, id, new, asked.headers)
    found = [await LOOKUPS[name](about) for name in lookups]
    for each in found:
        told.update(each)
    try:
        made = command.model_validate({**told, "id": id})
    except ValidationError as invalid:
        raise invalid_content(invalid.errors()) from invalid
    if resource.knows_units:
        await asked.gate.known(named_in(made.unit_fields, made))
    return made


def _named(command: Command) -> set[str]:
    return units_of(command.unit_fields, command)


def _new_id(asked: Asked, resource: Resource, told: Mapping[str, Any]) -> str:
    """A new record's id.

    The unit's own number, where there is one, is the record's identity, as in a spreadsheet: here as it was typed,
    which the service holds against its records before it takes it as keys are compared; otherwise it is who asks and
    their idempotency key, so that a repeated request is one record.
    """
    if told.get("number"):
        kind = resource.collection or resource.plural
        return record_id(resource.service, kind, told["unit"], spellings(told["number"])[0])
    given = asked.headers.get("idempotency-key")
    return record_id("api", asked.address, asked.caller.user, given) if given else new_id()
