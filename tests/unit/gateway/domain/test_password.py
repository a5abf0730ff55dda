"""What a password must be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.gateway.domain.password import LEAST, check_changed, check_password
from services.kernel.message.errors import DomainError

LIST = Path("services/gateway/domain/common_passwords.json")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("a9-k2-x7q", "password.too_short"),
        ("", "password.too_short"),
        ("一二三四五六七八九", "password.too_short"),
        ("k" + "7x-q" * 50, "password.too_long"),
        ("1234567890", "password.common"),
        ("QWERTYUIOP", "password.common"),
        ("Woaizhongguo", "password.common"),
        ("aaaaaaaaaaaa", "password.common"),
        ("1212121212", "password.common"),
        ("my-CZ-Admin-2026", "password.contains_name"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, code: str) -> None:
    """By code and field; the reason repeats nothing of it."""
    with pytest.raises(DomainError) as refused:
        check_password(password, "cz-admin", "new_password")
    assert (refused.value.code, refused.value.kind) == (code, "invalid")
    assert [error["pointer"] for error in refused.value.errors] == ["/new_password"]
    assert not password or password not in refused.value.detail


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "三月里的小雨淅沥沥下", "lowercase-only-words", "8372940165"],
)
def test_a_long_password_may_be_of_any_signs(password: str) -> None:
    """No mixture is asked for: phrases, Chinese, spaces, digits that are no common row."""
    check_password(password, "cz-admin")


def test_a_short_account_name_stands_in_phrases_by_chance() -> None:
    """It is not looked for."""
    check_password("believing in nothing", "li")


def test_a_new_password_is_another_one() -> None:
    """Or it was not changed."""
    with pytest.raises(DomainError) as refused:
        check_changed("Sample-2026-word", "Sample-2026-word")
    assert refused.value.code == "password.same"
    check_changed("Sample-2026-word", "Sample-2026-words")


def test_the_list_says_where_it_is_from_and_holds_what_the_length_lets_through() -> None:
    """Every entry can be met: long enough, in lower case, once; and is refused."""
    told = json.loads(LIST.read_text(encoding="utf-8"))
    assert "zxcvbn" in told["source"]
    assert "WITHOUT WARRANTY" in told["licence"]
    passwords = told["passwords"]
    assert len(passwords) == len(set(passwords)) > 1_500
    assert all(len(each) >= LEAST and each == each.casefold() for each in passwords)
    for each in passwords[::100]:
        with pytest.raises(DomainError):
            check_password(each, "nobody")
