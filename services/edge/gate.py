"""Who is asking, and who may do what: in one place for REST, gRPC and pages."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from services.gateway.domain import Action, may
from services.gateway.store import access, directory
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.event import ADMITTED, Actor, Command, Envelope, HeldRole, new_id
from services.kernel.message.lives import units_of
from services.organisation.contract import Role
from services.organisation.contract.permissions import EVERYWHERE, PERMISSIONS

from . import access_log
from .commands import Commands

CALL_SECONDS = 20.0
_VERSION = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Principal:
    """Who is asking: a user and the roles they hold, each for a unit; or a program, by a token of theirs."""

    user: str
    roles: tuple[tuple[Role, str], ...]
    expires: datetime
    by_token: bool = False

    def home(self) -> str:
        """The unit that they land on: that of their first role."""
        return self.roles[0][1] if self.roles else ""


class Gate:
    """Sessions, permission, and the envelope of a command; what the edges share."""

    def __init__(self, database: AsyncDatabase[Document], commands: Commands) -> None:
        self.database = database
        self.commands = commands
        self.directory = directory.Directory(database)
        self.log = access.Log(database)

    async def open_session(self, user: str, now: datetime, expires: datetime, **more: Any) -> str:
        """A token by which somebody, or a program of theirs, is known until it expires."""
        token = secrets.token_urlsafe(32)
        row = {"_id": digest(token), "id": new_id(), "user": user, "created": now, "expires": expires, **more}
        await access.open_session(self.database, row)
        return token

    async def make_token(
        self, principal: Principal, name: str, role: Role, unit: str, days: int, key: str | None = None
    ) -> str:
        """A program's token: it may what one role of its user's may, until it expires or is revoked. Shown once.

        The same `key` (Idempotency-Key) makes no second one.

        Raises:
            DomainError: token.by_token; token.role_not_held; token.made_before.
        """
        if principal.by_token:
            raise DomainError("token.by_token", "接口令牌不能再生成令牌，请登录后操作", "forbidden")
        if (role, unit) not in principal.roles:
            detail = "您没有该单位的这一角色"
            raise DomainError("token.role_not_held", detail, "forbidden", [{"pointer": "/role", "detail": detail}])
        now = datetime.now(UTC)
        only = {"role": role.value, "unit": unit}
        asked = {"request": digest(f"{principal.user}\x1f{key}")} if key else {}
        try:
            return await self.open_session(
                principal.user, now, now + timedelta(days=days), name=name, only=only, **asked
            )
        except DuplicateKeyError as again:
            detail = "该请求已生成过令牌，令牌只显示一次；如未收到，请撤销后换幂等键重新生成"
            raise DomainError("token.made_before", detail, "conflict") from again

    async def sign_out(self, token: str) -> None:
        """The token is worth nothing from now on."""
        await access.end_sessions(self.database, {"_id": digest(token)})

    async def identify(self, token: str | None) -> Principal:
        """Who bears the token.

        Raises:
            DomainError: token.missing, token.invalid, token.expired.
        """
        if not token:
            raise DomainError("token.missing", "请先登录", "unauthenticated")
        await self.directory.look()
        session = await self.directory.signed_in(digest(token))
        if session is None:
            raise DomainError("token.invalid", "登录凭证无效，请重新登录", "unauthenticated")
        if session["expires"] <= datetime.now(UTC):
            raise DomainError("token.expired", "登录已过期，请重新登录", "unauthenticated")
        roles = tuple((Role(held["role"]), str(held["unit"])) for held in session["roles"])
        access_log.told(user=session["user"], bearer=hash(token))
        return Principal(session["user"], roles, session["expires"], "only" in session)

    async def allow(self, principal: Principal, action: Action, unit: str, field: str = "unit") -> Actor:
        """The role by which somebody may do something to a unit; `field` is where the request names it.

        Raises:
            DomainError: unit.unknown; unit.out_of_scope where a role of theirs may do it, elsewhere; role.missing.
        """
        paths = await self.directory.paths([unit])
        held = may(principal.roles, action, paths.get(unit, [unit]))
        access_log.told(action=action.value, unit=unit, role=held[0] if held else "")
        if held is not None and (unit in paths or held[1] == EVERYWHERE):
            return _actor(principal, action, *held)
        if not any(role in PERMISSIONS[action] for role, _ in principal.roles):
            raise DomainError("role.missing", "您的角色没有此项权限", "forbidden")
        if unit not in paths:
            raise unknown_unit(unit, field)
        raise DomainError("unit.out_of_scope", f"单位 {unit} 不在您的权限范围内", "forbidden")

    def roles(self, principal: Principal, action: Action) -> list[Actor]:
        """The roles by which somebody may do something at all; the record's scope says where.

        Raises:
            DomainError: role.missing.
        """
        held = [_actor(principal, action, role, unit) for role, unit in principal.roles if role in PERMISSIONS[action]]
        first = held[0] if held else None
        access_log.told(action=action.value, role=first.role if first else "", unit=first.unit if first else "")
        if not held:
            raise DomainError("role.missing", "您的角色没有此项权限", "forbidden")
        return held

    def own(self, principal: Principal, action: Action) -> Actor:
        """The first of those roles.

        Raises:
            DomainError: role.missing.
        """
        return self.roles(principal, action)[0]

    async def find(
        self, service: str, query: Command, principal: Principal, action: Action, headers: Mapping[str, str]
    ) -> Any:
        """Ask for a record by its id under each role that may see such records, until one of them reaches it.

        Raises:
            DomainError: role.missing; what the service refuses, where none reaches it.
        """
        *others, last = self.roles(principal, action)
        for actor in others:
            try:
                return await self.ask(service, query, actor, headers)
            except DomainError as refusal:
                if refusal.kind != "not_found":
                    raise
        return await self.ask(service, query, last, headers)

    async def known(self, units: Mapping[str, str]) -> None:
        """Make sure that units named beside the record's own exist; field → unit.

        Raises:
            DomainError: unit.unknown.
        """
        paths = await self.directory.paths(units.values())
        for field, unit in units.items():
            if unit not in paths and unit != EVERYWHERE:
                raise unknown_unit(unit, field)

    async def envelope(
        self,
        headers: Mapping[str, str],
        actor: Actor,
        units: Iterable[str] = (),
        *,
        lives: Iterable[str] = (),
        command_id: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Envelope:
        """What a command bears besides its body: nothing of it is typed by anybody.

        Raises:
            DomainError: request.invalid, where Idempotency-Key or If-Match cannot be read.
        """
        given = command_id or headers.get("idempotency-key", new_id())
        if not 1 <= len(given) <= 128:
            raise DomainError("request.invalid", "幂等键应为 1 至 128 个字符", "invalid")
        expected = headers.get("if-match", "*").strip().removeprefix("W/").strip('"')
        if expected != "*" and not _VERSION.fullmatch(expected):
            raise DomainError("request.invalid", "If-Match 应为记录的版本号，或 *", "invalid")
        return Envelope(
            command_id=given,
            actor=actor,
            tree=await self.directory.tree(),
            paths=await self.directory.paths(units),
            lives=await self.directory.lives(lives),
            periods=await self.directory.periods(),
            deadline=datetime.now(UTC) + timedelta(seconds=seconds),
            traceparent=headers.get("traceparent"),
            expected=None if expected == "*" else int(expected),
        )

    async def ask(
        self, service: str, command: Command, actor: Actor, headers: Mapping[str, str], units: Iterable[str] = ()
    ) -> Any:
        """Send a command or query to a service in its envelope."""
        if command.unmasks:
            access_log.looked(str(getattr(command, "reason", "")))
        access_log.concerning(command)
        named = units_of(command.unit_fields, command)
        return await self.commands.call(service, command, await self.envelope(headers, actor, units, lives=named))

    async def change(
        self, service: str, command: Command, actor: Actor, headers: Mapping[str, str], units: Iterable[str] = ()
    ) -> Any:
        """Send a change of a record: by which of the actor's roles it is allowed is for the service to find, and said.

        Raises:
            DomainError: record.not_found, unit.out_of_scope; what else the service refuses.
        """
        answer = await self.ask(service, command, actor, headers, units)
        if by := answer.pop(ADMITTED, None):
            access_log.told(**by)
        return answer


def _actor(principal: Principal, action: Action, role: Role, unit: str) -> Actor:
    """Somebody by one of their roles, with every role by which they may do this: the service asks it again."""
    by = tuple(HeldRole(role=held, unit=of) for held, of in principal.roles if held in PERMISSIONS[action])
    return Actor(user=principal.user, role=role, unit=unit, action=action, roles=by)


def unknown_unit(unit: str, field: str) -> DomainError:
    """The refusal of a unit that the tree does not have."""
    detail = f"没有单位 {unit[:40]}"
    return DomainError("unit.unknown", detail, "not_found", [{"pointer": f"/{field}", "detail": detail}])


def identity(issuer: str, subject: str) -> str:
    """Under which a provider's subject is kept: who reads the store learns no number of theirs from it."""
    return hashlib.sha256(f"{issuer}\x1f{subject}".encode()).hexdigest()


def digest(token: str) -> str:
    """Under which a token's session is kept: who reads the store can sign in by none of them."""
    return hashlib.sha256(token.encode()).hexdigest()
