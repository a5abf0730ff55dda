"""Records that are reported, returned, corrected and taken back: the same six operations for each kind of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.gateway.domain import Action
from services.study import contract

from ..gate import Gate
from .answers import Moved, Page
from .auth import Caller, Gated
from .records import Answer, Records, moved
from .study import Listing, WithReason

Handler = Callable[..., Awaitable[Any]]
Prepare = Callable[[Gate, Any], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Kind:
    """A kind of record: its words, its bodies, its commands, and who returns it.

    `noun` names the operations and `plural` is their address; `verbs` are record, correct, return, void; `asked` get
    and list. `returner` is the field that names the unit which may give the record back.
    """

    noun: str
    plural: str
    name: str
    content: type[contract.Content]
    correction: type[contract.Content]
    verbs: tuple[type[Any], type[Any], type[Any], type[Any]]
    asked: tuple[type[Any], type[Any]]
    listing: type[Listing] = Listing
    collection: str = ""
    read: Action = Action.read_study
    return_: Action = Action.return_study
    returner: str = "unit"


@dataclass(frozen=True)
class Operations:
    """The handlers, for the pages to use."""

    get: Handler
    list: Handler
    record: Handler
    correct: Handler
    give_back: Handler
    void: Handler


async def _as_it_is(gate: Gate, body: Any) -> dict[str, Any]:
    return {}


def operations(router: APIRouter, kind: Kind, prepare: Prepare = _as_it_is) -> Operations:
    """Put the operations of a kind on the router; `prepare` adds what the edge looks up for its content."""
    record_verb, correct_verb, return_verb, void_verb = kind.verbs
    get_query, list_query = kind.asked
    content, correction, listing = kind.content, kind.correction, kind.listing
    address, tags = f"/{kind.plural}", [kind.name]
    records = Records("study", kind.read, Action.write_study)

    async def list_records(
        request: Request,
        caller: Caller,
        gate: Gated,
        asked: Annotated[listing, Query()],  # type: ignore[valid-type]  # known when the operations are made
    ) -> Page:
        return await records.page(gate, caller, request, asked, list_query)

    async def record(
        body: content,  # type: ignore[valid-type]
        request: Request,
        caller: Caller,
        gate: Gated,
    ) -> Moved:
        known = await prepare(gate, body)
        collection = kind.collection or kind.plural
        return moved(await records.add(gate, caller, request, collection, body, record_verb, known=known))

    async def get_record(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
        return await records.one(gate, caller, request, get_query(id=id))

    async def correct(
        id: str,
        body: correction,  # type: ignore[valid-type]
        request: Request,
        caller: Caller,
        gate: Gated,
    ) -> Moved:
        told: Any = body
        known = await prepare(gate, told)
        asked = correct_verb(**{**told.model_dump(), **known}, id=id)
        return moved(await records.change(gate, caller, request, get_query(id=id), asked))

    async def give_back(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
        asked = return_verb(id=id, reason=body.reason)
        whose = (kind.returner,)
        known = get_query(id=id)
        return moved(await records.change(gate, caller, request, known, asked, kind.return_, for_units=whose))

    async def void(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
        asked = void_verb(id=id, reason=body.reason)
        return moved(await records.change(gate, caller, request, get_query(id=id), asked))

    for method, path, handler, name, summary, told in (
        ("GET", address, list_records, f"list_{kind.plural}", f"{kind.name}列表", list_query),
        ("POST", address, record, f"record_{kind.noun}", f"登记{kind.name}", record_verb),
        ("GET", f"{address}/{{id}}", get_record, f"get_{kind.noun}", kind.name, get_query),
        ("POST", f"{address}/{{id}}/corrections", correct, f"correct_{kind.noun}", "更正", correct_verb),
        ("POST", f"{address}/{{id}}/returns", give_back, f"return_{kind.noun}", "退回", return_verb),
        ("POST", f"{address}/{{id}}/voids", void, f"void_{kind.noun}", "作废", void_verb),
    ):
        status = 201 if method == "POST" else 200
        router.add_api_route(
            path,
            handler,
            methods=[method],
            name=name,
            summary=summary,
            description=told.__doc__,
            tags=list(tags),
            status_code=status,
        )
    return Operations(get_record, list_records, record, correct, give_back, void)
