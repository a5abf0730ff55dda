"""Every operation of REST, gRPC and pages, asked as every role above, inside, beside and below the unit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc
import pytest

from services.cli.local.process import free_port
from services.edge.grpc_api import make_server
from services.edge.pb.shengzhi.report.v1 import reports_pb2 as pb
from services.edge.streams import Streams
from services.edge.throttle import Callers
from services.organisation.contract import Role
from services.organisation.contract.permissions import PERMISSIONS, Action, may
from tests.component.access.operations import Ask, asks
from tests.component.access.table import ANYBODY, BY_ROLE, GRPC, ON_ROOT, ON_UNIT, OPEN, Needs, described
from tests.component.access.world import PATH, PLACES, UNIT, World, user_of, world
from tests.eventually import PATIENCE

LEAVING = ("sign_out", "page logout")
"""After them nothing can be asked any more; they ask for nothing but a token."""
REFUSED = (401, 403, 404)


def table() -> dict[str, Needs]:
    """Operation → what it needs."""
    parts: list[tuple[Mapping[Action, Sequence[str]], Sequence[str] | None]]
    parts = [(ON_UNIT, PATH), (ON_ROOT, PATH[:1]), (BY_ROLE, None)]
    by_hand = {name: (action, path) for part, path in parts for action, names in part.items() for name in names}
    return {**dict(described()), **by_hand}


TABLE = table()


def expected(needs: Needs, role: Role, place: str) -> bool:
    """What the table of permissions says."""
    action, path = needs
    return role in PERMISSIONS[action] if path is None else may([(role, PLACES[place])], action, path) is not None


def expectations(needs: Needs) -> Iterator[tuple[Role, tuple[str, ...], bool]]:
    """Every role at every place: by itself where it is allowed, at all places at once where it is to be refused."""
    for role in Role:
        allowed = [place for place in PLACES if expected(needs, role, place)]
        yield from ((role, (place,), True) for place in allowed)
        if refused := tuple(place for place in PLACES if place not in allowed):
            yield role, refused, False


def outcome(made: World, ask: Ask, answer: Any) -> bool | None:
    """Whether it was allowed; None: neither, so that the test asks wrongly. A form that comes back was let in."""
    if answer.status_code in REFUSED or "/login" in answer.headers.get("location", ""):
        return False
    back = ask.name.startswith("page ") and answer.status_code == 422
    return True if made.owner.reached or answer.status_code < 400 or back else None


async def compared(made: World, ask: Ask) -> list[str]:
    """What of one operation is not as the table says."""
    wrong = []
    if outcome(made, ask, await made.ask(None, ask.method, ask.url, **ask.more)) is not False:
        wrong.append(f"{ask.name}: nobody is let in")
    if ask.name in ANYBODY:
        answer = await made.ask(user_of(Role.member, "inside"), ask.method, ask.url, **ask.more)
        return [*wrong, f"{ask.name}: {answer.text[:120]}"] if answer.status_code in (401, 403) else wrong
    for role, places, allowed in expectations(TABLE[ask.name]):
        answer = await made.ask(user_of(role, *places), ask.method, ask.url, **ask.more)
        if outcome(made, ask, answer) != allowed:
            wrong.append(f"{ask.name} as {role} {'+'.join(places)}: {answer.status_code} {answer.text[:120]}")
    return wrong


def test_every_operation_does_what_the_table_says(mongo: str, database: str) -> None:
    """All operations of REST and pages, all roles, all places: allowed where the table allows it, refused elsewhere."""

    async def whole() -> list[str]:
        async with world(mongo, database) as made:
            asked = [ask for ask in asks(made.app) if ask.name in TABLE]
            last = [ask for ask in asks(made.app) if ask.name in ANYBODY and ask.name not in LEAVING]
            return [line for ask in [*asked, *last] for line in await compared(made, ask)]

    wrong = asyncio.run(whole())
    assert not wrong, f"{len(wrong)} answers differ:\n" + "\n".join(line.split("\n")[0][:130] for line in wrong)


def test_every_operation_has_its_line_in_the_table(mongo: str, database: str) -> None:
    """An operation that is new, and a line whose operation is gone, are told with what to do."""

    async def names() -> set[str]:
        async with world(mongo, database) as made:
            return {ask.name for ask in asks(made.app)}

    there, known = asyncio.run(names()), {*TABLE, *OPEN, *ANYBODY}
    missing = [
        f'add "{name}", to ON_UNIT[Action.…] (or ON_ROOT, BY_ROLE, ANYBODY, OPEN)' for name in sorted(there - known)
    ]
    gone = [f'take out "{name}",' for name in sorted(known - there)]
    assert not missing + gone, "in tests/component/access/table.py:\n" + "\n".join(missing + gone)


def test_no_line_stands_in_the_table_twice() -> None:
    """An operation needs one action."""
    parts = (ON_UNIT, ON_ROOT, BY_ROLE)
    lines = [*OPEN, *ANYBODY, *(name for part in parts for names in part.values() for name in names)]
    assert len(lines) == len(set(lines))


def test_every_method_of_grpc_does_what_the_table_says(mongo: str, database: str) -> None:
    """The methods are those of the descriptors; each is asked over a real channel."""
    methods = {method.name: method for service in pb.DESCRIPTOR.services_by_name.values() for method in service.methods}
    told = f"add to GRPC in tests/component/access/table.py: {sorted(methods.keys() - GRPC.keys())}"
    assert methods.keys() == GRPC.keys(), told

    async def whole() -> list[str]:
        wrong = []
        async with world(mongo, database) as made:
            address = f"127.0.0.1:{free_port()}"
            server = await make_server(made.gate, Streams(made.gate), Callers(1e6, 1e6), address)
            await server.start()
            async with grpc.aio.insecure_channel(address) as channel:
                for name, (action, on_unit, fields) in GRPC.items():
                    needs = (action, PATH if on_unit else None)
                    for role, places, allowed in expectations(needs):
                        if await _called(channel, methods[name], fields, user_of(role, *places)) != allowed:
                            wrong.append(f"{name} as {role} {places}: {not allowed}")
                    if await _called(channel, methods[name], fields, None):
                        wrong.append(f"{name}: nobody is let in")
            await server.stop(0)
        return wrong

    assert asyncio.run(whole()) == []


async def _called(channel: Any, method: Any, fields: dict[str, Any], user: str | None) -> bool:
    on_unit = {"unit": UNIT} if "unit" in method.input_type.fields_by_name else {}
    request = getattr(pb, method.input_type.name)(**fields, **on_unit)
    answer = getattr(pb, method.output_type.name)
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    call = kind(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=answer.FromString,
    )
    metadata = () if user is None else (("authorization", f"Bearer {user}"),)
    running = call(request, metadata=metadata, timeout=PATIENCE)
    try:
        await (running.read() if method.server_streaming else running)
        running.cancel()
    except grpc.aio.AioRpcError as refused:
        if refused.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED):
            return False
        raise
    return True


@pytest.mark.parametrize("one", [Role.system_admin, Role.security_admin, Role.audit_admin])
def test_no_administrator_can_do_the_work_of_another(one: Role) -> None:
    """三员分立, over all operations: what one may change, neither of the other two may."""
    others = {Role.system_admin, Role.security_admin, Role.audit_admin} - {one}
    mine = {name for name, (action, _) in TABLE.items() if one in PERMISSIONS[action] and not _reads(action)}
    theirs = {name for name, (action, _) in TABLE.items() if others & PERMISSIONS[action] and not _reads(action)}
    assert not mine & theirs


def _reads(action: Action) -> bool:
    return action.value.startswith("read_") and action != Action.read_access_log
