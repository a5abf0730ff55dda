"""Lists, records and what is done with them, asked of the service that owns them: the same for every kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic import ValidationError

from services.gateway.domain import Action
from services.gateway.store import directory
from services.gateway.store.initiatives import check_tags
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Command

from .answers import Moved, Page
from .auth import Gate, Principal, new_record
from .errors import invalid_content

Answer = dict[str, Any]


@dataclass(frozen=True)
class Records:
    """One service's records: who may see them, and who may write them."""

    service: str
    read: Action
    write: Action

    async def page(self, gate: Gate, caller: Principal, request: Request, asked: Any, query: type[Command]) -> Page:
        """A page of a list, of the unit asked for or else of the caller's own."""
        actor = gate.own(caller, self.read) if asked.unit is None else await gate.allow(caller, self.read, asked.unit)
        told = {name: value for name, value in asked if value not in (None, "")}
        try:
            wanted = query(**{**told, "unit": asked.unit or actor.unit})
        except ValidationError as invalid:  # what the service asks of a field is more than what the address does
            raise invalid_content(invalid.errors()) from invalid
        return Page.model_validate(await gate.ask(self.service, wanted, actor, request.headers))

    async def one(self, gate: Gate, caller: Principal, request: Request, query: Command) -> Answer:
        """One record, under whichever role of the caller's reaches it."""
        answer: Answer = await gate.find(self.service, query, caller, self.read, request.headers)
        return answer

    async def add(
        self,
        gate: Gate,
        caller: Principal,
        request: Request,
        kind: str,
        content: Any,
        command: type[Any],
        units: Iterable[str] = (),
        known: Mapping[str, Any] | None = None,
    ) -> Answer:
        """A new record of a unit; `units` are those that it names beside, `known` what nobody need type."""
        actor = await gate.allow(caller, self.write, content.unit)
        tags = await check_tags(gate.database, getattr(content, "tags", ()))
        id = new_record(request, caller, (self.service, kind), content.unit, content.number)
        told = content.model_dump(exclude={"state"}) | ({"tags": tags} if tags else {})
        asked = command(**{**told, **(known or {})}, id=id)
        answer: Answer = await gate.ask(self.service, asked, actor, request.headers, [content.unit, *units])
        return answer

    async def change(
        self,
        gate: Gate,
        caller: Principal,
        request: Request,
        query: Command,
        command: Command,
        action: Action | None = None,
        *,
        for_units: tuple[str, ...] = ("unit",),
        units: Iterable[str] = (),
    ) -> Answer:
        """A change of a record that the caller can see, by who may act for one of the units in these fields of it."""
        needed = action or self.write
        record = await gate.find(self.service, query, caller, needed, request.headers)
        if tags := await check_tags(gate.database, getattr(command, "tags", ()), new=False):
            command = command.model_copy(update={"tags": tags})
        told = [record[field] for field in for_units]
        parts = [unit for each in told for unit in (each if isinstance(each, list) else [each])]
        actor = await self._for_any(gate, caller, needed, parts)
        named = [record["unit"], *parts, *units]
        answer: Answer = await gate.ask(self.service, command, actor, request.headers, named)
        return answer

    async def _for_any(self, gate: Gate, caller: Principal, action: Action, units: list[str]) -> Any:
        *others, last = units
        for unit in others:
            try:
                return await gate.allow(caller, action, unit)
            except DomainError as refusal:
                if refusal.code != "unit.out_of_scope":
                    raise
        return await gate.allow(caller, action, last)


async def for_all_units(gate: Gate, caller: Principal, action: Action) -> tuple[Actor, str]:
    """By which role somebody may do what binds every unit, and the root that they must reach for it.

    Raises:
        DomainError: unit.unknown, unit.out_of_scope, role.missing.
    """
    root = await directory.root(gate.database)
    if root is None:
        raise DomainError("unit.unknown", "尚未建立单位", "not_found")
    return await gate.allow(caller, action, root), root


def moved(answer: Answer) -> Moved:
    """What a step in a record's life answers."""
    return Moved.model_validate(answer)
