"""The routes of every kind of record that a contract describes: list, new, one, and each step of its life."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, create_model

from services.kernel.message.event import method_name
from services.kernel.message.history import GetHistory
from services.kernel.resource import Resource, Step

from ..resources import RESOURCES, Asked, add, change, content_model, history, listing_of, one, page, step_model
from .answers import Moved, Page
from .auth import Caller, Gate, Gated, Principal

router = APIRouter()
Answer = dict[str, Any]


def asked_by(request: Request, caller: Principal, gate: Gate) -> Asked:
    """A request as the operations take it."""
    return Asked(gate, caller, request.headers, request.url.path)


@cache
def answer_of(resource: Resource) -> type[BaseModel]:
    """What a write of such a record answers."""
    if not resource.returns:
        return Moved
    fields: Any = dict(resource.returns)
    return create_model(f"{resource.kind.capitalize()}Written", __base__=Moved, __doc__=Moved.__doc__, **fields)


def content_of(body: BaseModel) -> dict[str, Any]:
    """What was sent, and the defaults of what was not."""
    return {
        name: value for name, value in body.model_dump().items() if value is not None or name in body.model_fields_set
    }


def _lists(resource: Resource) -> Callable[..., Any]:
    listing = listing_of(resource)

    async def list_records(
        request: Request,
        caller: Caller,
        gate: Gated,
        asked: Annotated[listing, Query()],  # type: ignore[valid-type]  # known when the routes are made
    ) -> Page:
        return Page.model_validate(await page(asked_by(request, caller, gate), resource, asked))

    return list_records


def _gets(resource: Resource) -> Callable[..., Any]:
    async def get_record(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
        return await one(asked_by(request, caller, gate), resource, id)

    return get_record


def _histories(resource: Resource) -> Callable[..., Any]:
    async def list_history(
        id: str,
        request: Request,
        caller: Caller,
        gate: Gated,
        page: int = Query(1, ge=1, le=10_000),
        page_size: int = Query(50, ge=1, le=200),
    ) -> Page:
        return Page.model_validate(await history(asked_by(request, caller, gate), resource, id, page, page_size))

    return list_history


def _adds(resource: Resource) -> Callable[..., Any]:
    body_model, answered = content_model(resource), answer_of(resource)

    async def add_record(
        body: body_model,  # type: ignore[valid-type]
        request: Request,
        caller: Caller,
        gate: Gated,
    ) -> Any:
        told = await add(asked_by(request, caller, gate), resource, content_of(cast(BaseModel, body)))
        return answered.model_validate(told)

    add_record.__annotations__["return"] = answered
    return add_record


def _steps(resource: Resource, step: Step) -> Callable[..., Any]:
    body_model, answered = step_model(resource, step), answer_of(resource) if step.whole else Moved

    async def take(id: str, request: Request, caller: Caller, gate: Gated) -> Any:
        return answered.model_validate(await change(asked_by(request, caller, gate), resource, step, id, {}))

    async def take_with(
        id: str,
        body: body_model,  # type: ignore[valid-type]
        request: Request,
        caller: Caller,
        gate: Gated,
    ) -> Any:
        told = content_of(cast(BaseModel, body))
        return answered.model_validate(await change(asked_by(request, caller, gate), resource, step, id, told))

    handler = take if body_model is None else take_with
    handler.__annotations__["return"] = answered
    return handler


def _route(resource: Resource, method: str, path: str, handler: Any, told: type[Any], summary: str, name: str) -> None:
    router.add_api_route(
        f"/{resource.service}/{resource.plural}{path}",
        handler,
        methods=[method],
        name=name,
        summary=summary,
        description=told.__doc__,
        tags=[resource.title],
        status_code=201 if method == "POST" else 200,
    )


for _resource in filter(lambda each: each.routed, RESOURCES.values()):
    _name = f"list_{_resource.plural.replace('-', '_')}"
    _route(_resource, "GET", "", _lists(_resource), _resource.list, f"{_resource.title}列表", _name)
    if _resource.add is not None:
        _summary = _resource.add.summary or f"登记{_resource.title}"
        _name = f"record_{_resource.kind}" if _resource.add.variants else method_name(_resource.add.command)
        _route(_resource, "POST", "", _adds(_resource), _resource.add.command, _summary, _name)
    _name = method_name(_resource.get)
    _route(_resource, "GET", "/{id}", _gets(_resource), _resource.get, _resource.title, _name)
    if _resource.history:
        _name = f"list_{_resource.kind}_history"
        _handler = _histories(_resource)
        _route(_resource, "GET", "/{id}/history", _handler, GetHistory, f"{_resource.title}的办理过程", _name)
    for _step in _resource.steps:
        _route(
            _resource,
            "POST",
            f"/{{id}}/{_step.name}",
            _steps(_resource, _step),
            _step.command,
            _step.summary or _step.title,
            method_name(_step.command),
        )
