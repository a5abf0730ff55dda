"""One Chromium for the session; every page may ask this machine alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.eventually import PATIENCE
from tests.journey.province import PASSWORD, Province

AXE = (Path(__file__).parent / "assets" / "axe.min.js").read_text("utf-8")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")

expect.set_options(timeout=1000 * PATIENCE)

SignedIn = Callable[[str], Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. It goes with its module: while it is there, an event loop runs."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is missing: make test installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def strangers() -> list[str]:
    """Hosts other than this machine that a page asked for."""
    return []


@pytest.fixture
def page(browser: Browser, province: Province, strangers: list[str]) -> Iterator[Page]:
    """A fresh page of a fresh visitor, on the platform's address; no script of ours may fail on it."""
    context = browser.new_context(
        base_url=province.platform.url, locale="zh-CN", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(1000 * PATIENCE)
    opened = context.new_page()
    failed: list[str] = []
    opened.on("pageerror", lambda error: failed.append(str(error)))

    def asked(request: Request) -> None:
        host = urlsplit(request.url).hostname
        if host not in (None, "127.0.0.1"):
            strangers.append(request.url)

    context.on("request", asked)
    yield opened
    context.close()
    assert strangers == []
    assert failed == []


@pytest.fixture
def signed_in(page: Page) -> SignedIn:
    """Signs somebody in on the page."""

    def enter(name: str) -> Page:
        page.goto("/login")
        page.get_by_label("账号").fill(name)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/")
        return page

    return enter


def turn_to(page: Page, group: str, entry: str) -> None:
    """To a page by the side bar; its group is closed for whoever has many entries."""
    bar = page.get_by_role("navigation", name="主导航")
    expect(bar).to_be_visible()
    if not bar.get_by_role("link", name=entry, exact=True).is_visible():
        bar.locator("summary", has_text=group).click()
    bar.get_by_role("link", name=entry, exact=True).click()


def sign_out(page: Page) -> None:
    """Out by the account's menu."""
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="退出").click()


def violations(page: Page) -> list[str]:
    """What axe finds on the page that hinders somebody seriously."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
