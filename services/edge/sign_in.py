"""Signing in by password or by a provider, and changing one's own password; guessing locks the name for a while."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pymongo import ReturnDocument

from services.gateway.contract import ACCOUNT, OWN_PASSWORD
from services.gateway.domain.password import check_changed, check_password
from services.gateway.store import access
from services.kernel import metrics
from services.kernel.message.errors import DomainError
from services.kernel.message.event import ONESELF, Actor, HeldRole
from services.kernel.rules.rules import wrong
from services.organisation.contract import ChangePassword

from . import access_log
from .gate import Gate, Principal, identity
from .passwords import hashed, verified

log = structlog.stdlib.get_logger(__name__)

SESSION_HOURS = 12


async def sign_in(gate: Gate, name: str, password: str, new_password: str | None = None) -> tuple[str, Principal]:
    """A token for a name and a password; with `new_password` that is the password from now on.

    Raises:
        DomainError: sign_in.refused (whichever of the two is wrong), sign_in.locked after too many failures,
            sign_in.disabled, password.change_required where the password was given by somebody else, password.*.
    """
    known = await _known(gate, name, password)
    if new_password is not None:
        await _change(gate, name, password, new_password)
    elif known.get("once"):
        raise wrong("password.change_required", "new_password", "首次登录或密码被重置后，须设置新密码", "forbidden")
    return await _let_in(gate, name)


async def change_password(gate: Gate, principal: Principal, password: str, new_password: str) -> tuple[str, Principal]:
    """Replace one's own password, which ends every session and token of one's own; gives a new session.

    Raises:
        DomainError: token.by_token, sign_in.locked, password.wrong, password.*.
    """
    if principal.by_token:
        raise DomainError("token.by_token", "接口令牌不能修改密码，请登录后操作", "forbidden")
    try:
        await _known(gate, principal.user, password)
    except DomainError as refusal:
        if refusal.code != "sign_in.refused":
            raise
        raise wrong("password.wrong", "password", "原密码不正确") from refusal
    await _change(gate, principal.user, password, new_password)
    return await _let_in(gate, principal.user)


async def sign_in_by(gate: Gate, issuer: str, subject: str) -> tuple[str, Principal]:
    """A token for whom a trusted provider says this is: a user who is known here by that subject, nobody else.

    Raises:
        DomainError: sign_in.unknown_subject, sign_in.disabled.
    """
    known = await gate.database["identities"].find_one({"_id": identity(issuer, subject)})
    if known is None:
        metrics.SIGN_INS.labels("refused").inc()
        detail = "统一身份认证成功，但该身份未对应本平台账号，请联系系统管理员"
        raise DomainError("sign_in.unknown_subject", detail, "forbidden")
    access_log.told(user=known["user"])
    await _check_enabled(gate, known["user"])
    return await _let_in(gate, known["user"])


async def _known(gate: Gate, name: str, password: str) -> dict[str, Any]:
    """The credential of an account that may sign in, by its password."""
    key, now = access.lock_key(name), datetime.now(UTC)
    known = await gate.database["credentials"].find_one({"_id": name})
    if known is not None:  # what is no account's name may be a password typed in the wrong place
        access_log.told(user=name)
    await _count_attempt(gate, key, now, {} if known is None else {"user": name})
    if not await verified(known["password"] if known else None, password) or known is None:
        metrics.SIGN_INS.labels("refused").inc()
        log.info("sign_in.refused")
        raise DomainError("sign_in.refused", "账号或密码不正确", "unauthenticated")
    await gate.database["lockouts"].delete_one({"_id": key})
    await _check_enabled(gate, name)
    return known


async def _check_enabled(gate: Gate, user: str) -> None:
    found = await gate.database["users"].find_one({"_id": user}, {"disabled": 1})
    if found is not None and found.get("disabled"):
        metrics.SIGN_INS.labels("refused").inc()
        raise DomainError("sign_in.disabled", "该账号已停用，请联系本单位的系统管理员", "forbidden")


async def _change(gate: Gate, user: str, password: str, new_password: str) -> None:
    check_changed(new_password, password)
    check_password(new_password, user, "new_password")
    asked = ChangePassword(id=user, password=await hashed(new_password))
    itself = HeldRole(role=ACCOUNT, unit=ONESELF)
    actor = Actor(user=user, role=ACCOUNT, unit=ONESELF, action=OWN_PASSWORD, roles=(itself,))
    await gate.ask("gateway", asked, actor, {})


async def _let_in(gate: Gate, user: str) -> tuple[str, Principal]:
    now = datetime.now(UTC)
    token = await gate.open_session(user, now, now + timedelta(hours=SESSION_HOURS))
    await access.signed_in(gate.database, user, now)
    metrics.SIGN_INS.labels("accepted").inc()
    return token, await gate.identify(token)


async def _count_attempt(gate: Gate, key: str, now: datetime, whose: dict[str, Any]) -> None:
    """Count the attempt before the password is looked at: many at once get no more guesses than one by one."""
    lockouts = gate.database["lockouts"]
    await lockouts.delete_one({"_id": key, "expires": {"$lte": now}})
    until = now + timedelta(minutes=access.LOCKED_MINUTES)
    failures = {"$ifNull": ["$failures", 0]}
    found = await lockouts.find_one_and_update(
        {"_id": key},
        [
            {
                "$set": {
                    **whose,
                    "failures": {"$add": [failures, 1]},
                    "expires": {"$cond": [{"$lt": [failures, access.MOST_FAILURES]}, until, "$expires"]},
                }
            }
        ],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    if found is not None and found["failures"] > access.MOST_FAILURES:
        metrics.SIGN_INS.labels("locked").inc()
        detail = f"连续输错 {access.MOST_FAILURES} 次，已锁定 {access.LOCKED_MINUTES} 分钟"
        left = math.ceil((found["expires"] - now).total_seconds())
        raise DomainError("sign_in.locked", detail, "too_many").after(max(1, left))
