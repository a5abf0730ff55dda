"""What the API promises beside its content: methods, headers, keys, and from where a cookie may come."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.eventually import PATIENCE
from tests.journey.province import PASSWORD, ROOT, Province

SESSION = {"unit": "D001-B01", "day": "2026-04-09", "title": "边界", "way": "branch", "form": "discussion", "due": 4}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def finance(province: Province) -> httpx.Client:
    """A department's administrator."""
    return province.as_user("finance")


@pytest.fixture
def session(finance: httpx.Client) -> Iterator[httpx.Response]:
    """The answer to a new session, which is taken back in the end."""
    answer = finance.post("/study/sessions", json=SESSION)
    assert answer.status_code == 201, answer.text
    yield answer
    finance.post(f"/study/sessions/{answer.json()['id']}/voids", json={"reason": "测试结束"}).raise_for_status()


def test_a_new_record_says_where_it_is_and_which_version(finance: httpx.Client, session: httpx.Response) -> None:
    """`Location` opens it, and its `ETag` is what `If-Match` takes; an old one is refused, `*` is any."""
    assert session.headers["location"] == f"/api/v1/study/sessions/{session.json()['id']}"
    found = finance.get(session.headers["location"].removeprefix("/api/v1"))
    assert found.headers["etag"] == session.headers["etag"] == f'"{session.json()["version"]}"'
    address = f"/study/sessions/{session.json()['id']}/submissions"
    stale = finance.post(address, headers={"If-Match": '"99"'})
    assert code(stale)[0] == 412
    assert finance.post(address, headers={"If-Match": "*"}).status_code == 201


def test_head_is_get_without_a_body(finance: httpx.Client, session: httpx.Response) -> None:
    """The same status and headers; nothing else."""
    address = f"/study/sessions/{session.json()['id']}"
    head, full = finance.head(address), finance.get(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == full.headers["etag"]
    assert finance.head("/study/sessions/none").status_code == 404


def test_an_empty_key_is_no_key(finance: httpx.Client) -> None:
    """It is refused, for the next one would be the same."""
    assert code(finance.post("/study/sessions", json=SESSION, headers={"Idempotency-Key": ""})) == (
        422,
        "request.invalid",
    )


def test_a_token_asked_for_twice_is_made_once(finance: httpx.Client) -> None:
    """It was shown once and is kept nowhere: the same key makes no second one."""
    body = {"name": "月报", "role": "unit_admin", "unit": "D001", "days": 1}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    before = finance.get("/me/tokens").json()["total"]
    assert finance.post("/me/tokens", json=body, headers=key).status_code == 201
    assert code(finance.post("/me/tokens", json=body, headers=key)) == (409, "token.made_before")
    listed = finance.get("/me/tokens").json()
    assert listed["total"] == before + 1
    finance.delete(f"/me/tokens/{listed['items'][0]['id']}").raise_for_status()


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_a_body_of_another_kind_is_refused_by_its_kind(finance: httpx.Client, kind: str) -> None:
    """415, and which kind is taken."""
    refused = finance.post("/study/sessions", content=b"{}", headers={"Content-Type": kind})
    assert code(refused) == (415, "body.unsupported")
    assert "application/json" in refused.json()["detail"]


@pytest.mark.parametrize(
    "address",
    [
        *(f"/study/{kind}" for kind in ("sessions", "essays", "lectures", "plans", "notices", "receipts", "pairs")),
        *(f"/study/{kind}" for kind in ("activities", "contests", "programmes", "branch-plans", "reminders")),
        *(f"/research/{kind}" for kind in ("topics", "visits", "measures")),
        "/hotline/tickets",
        "/submissions",
    ],
)
def test_a_state_that_does_not_exist_is_a_mistake(province: Province, address: str) -> None:
    """An empty list would say that there is nothing; the field is named."""
    reader = province.as_user("supervisor" if "hotline" in address else "office")
    refused = reader.get(address, params={"state": "nonsense"})
    assert code(refused) == (422, "request.invalid")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/state"]


def test_a_cookie_serves_pages_of_this_address_alone(province: Province) -> None:
    """A stranger's page that sends the cookie along changes nothing, a page of ours does, and so does a program."""
    with httpx.Client(base_url=province.platform.url, timeout=PATIENCE) as browser:
        browser.post("/login", data={"name": "finance", "password": PASSWORD})
        body: dict[str, Any] = {"name": "甲", "role": "unit_admin", "unit": "D001", "days": 1}
        for headers in ({"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert code(browser.post("/api/v1/me/tokens", json=body, headers=headers)) == (403, "form.foreign")
        assert browser.get(f"/api/v1/reports/{'D001'}").status_code == 200
        own = browser.post("/api/v1/me/tokens", json=body, headers={"Origin": province.platform.url})
        assert own.status_code == 201
        bearer = {"Authorization": f"Bearer {own.json()['token']}", "Origin": "http://elsewhere.example"}
        assert browser.get(f"/api/v1/reports/{ROOT}", headers=bearer).status_code == 403
        assert code(browser.post("/api/v1/units", json={}, headers=bearer))[1] != "form.foreign"


def test_metrics_are_not_for_everybody(province: Province) -> None:
    """They are on a port of their own, which the public does not reach."""
    platform = province.platform
    assert httpx.get(f"{platform.url}/metrics", timeout=PATIENCE).status_code == 404
    port = platform.api.environment["SHENGZHI_METRICS_PORT"]
    told = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).text
    assert "shengzhi_http_requests" in {family.name for family in text_string_to_metric_families(told)}
