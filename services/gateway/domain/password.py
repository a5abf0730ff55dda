"""What a password must be. Length and what everybody tries count; no mixture of signs, no expiry (docs/decisions)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from services.kernel.rules.rules import wrong

LEAST, MOST = 10, 200
_LEAST_NAME = 3
"""A shorter account's name stands in many a phrase by chance."""
_LEAST_SIGNS = 4
"""Fewer different signs are a repetition, aaaaaaaaaa or 1212121212."""


def check_password(password: str, user: str, field: str = "password") -> None:
    """Refuse a password that is too short, that everybody tries, or that bears its account's name.

    Raises:
        DomainError: password.too_short, password.too_long, password.common, password.contains_name.
    """
    folded = password.casefold()
    if len(password) < LEAST:
        raise wrong("password.too_short", field, f"密码不少于 {LEAST} 位")
    if len(password) > MOST:
        raise wrong("password.too_long", field, f"密码不超过 {MOST} 位")
    if folded in _common() or len(set(folded)) < _LEAST_SIGNS:
        raise wrong("password.common", field, "这一密码过于常见，容易被猜到，请换一个")
    if len(user) >= _LEAST_NAME and user.casefold() in folded:
        raise wrong("password.contains_name", field, "密码不能包含账号")


def check_changed(password: str, before: str) -> None:
    """Refuse a new password that is the old one.

    Raises:
        DomainError: password.same.
    """
    if password == before:
        raise wrong("password.same", "new_password", "新密码不能与原密码相同")


@cache
def _common() -> frozenset[str]:
    told = json.loads(files(__package__ or "").joinpath("common_passwords.json").read_text(encoding="utf-8"))
    return frozenset(told["passwords"])
