"""The first sign-in on the page: a password of one's own is asked for, and set in the same form."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journey.province import PASSWORD, Province

from .conftest import violations


@pytest.mark.row("O4", "G7")
def test_the_first_sign_in_sets_a_password_on_the_page(
    page: Page, province: Province, administrator: httpx.Client
) -> None:
    """The form comes back with two fields more; what is wrong with the new one is said; then one is in."""
    made = administrator.post("/users", json={"id": "page-first", "name": "样例", "unit": "D001"})
    once = made.json()["password"]

    def fill(**typed: str) -> None:
        for label, text in typed.items():
            page.get_by_label(label, exact=True).fill(text)
        page.get_by_role("button", name="登录").click()

    page.goto("/login")
    fill(账号="page-first", 密码=once)
    expect(page.get_by_role("alert")).to_contain_text("须设置新密码")
    assert once not in page.content()
    assert violations(page) == []
    fill(密码=once, 新密码="1qaz2wsx3edc", 再次输入新密码="1qaz2wsx3edc")
    expect(page.get_by_role("alert")).to_contain_text("过于常见")
    fill(密码=once, 新密码=PASSWORD, 再次输入新密码=f"{PASSWORD}!")
    expect(page.get_by_role("alert")).to_contain_text("不一致")
    fill(密码=once, 新密码=PASSWORD, 再次输入新密码=PASSWORD)
    page.wait_for_url("**/")
    expect(page.locator("body")).to_contain_text("page-first")
