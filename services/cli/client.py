"""The public API as the command line uses it: nothing here that another program could not do."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self, cast

import httpx

_AGAIN = (429, 502, 503, 504)
_ATTEMPTS = 5
_PATIENCE = 10
"""Seconds: what may be asked again so soon is waited for, a lock of minutes is not."""
_SOON, _LATER = 0.04, 0.5
"""Seconds between two questions how far an import has come: a small sheet is done at once, a large one is not."""
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Answer = dict[str, Any]


@dataclass(frozen=True)
class RowRefused:
    """A row that was refused: its number in the sheet, the column's key, a stable code, the reason."""

    row: int
    column: str
    code: str
    detail: str
    tab: str = ""


class Refused(Exception):
    """The platform said no, with the reason; `rows` where it refused a spreadsheet."""

    def __init__(self, code: str, detail: str, rows: list[RowRefused] | None = None) -> None:
        self.code = code
        self.detail = detail
        self.rows = rows or []
        super().__init__(f"{detail}（{code}）")


@dataclass(frozen=True)
class Imported:
    """What became of a spreadsheet. `recorded_until` is when its last row was recorded."""

    rows: int
    skipped: int
    recorded_until: datetime | None
    failures: list[RowRefused] = field(default_factory=list)


class Api:
    """A signed-in user of the platform."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    @classmethod
    @contextmanager
    def signed_in(cls, url: str, name: str, password: str, new_password: str | None = None) -> Iterator[Self]:
        """Sign in for as long as the block lasts; with `new_password` that is the password from now on.

        Raises:
            Refused: name or password are wrong, `password.change_required`, or the platform cannot be reached.
        """
        with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
            api = cls(client)
            new = {} if new_password is None else {"new_password": new_password}
            token = api.post("/tokens", {"name": name, "password": password, **new})["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield api

    def get(self, path: str, **query: str | int) -> Answer:
        """Read something."""
        return cast(Answer, self._send("GET", path, params=query).json())

    def post(self, path: str, body: Answer, key: str = "") -> Answer:
        """Do something, once, however often the network makes us ask; under a `key` of one's own, once for all."""
        headers = {"Idempotency-Key": key} if key else _key()
        return cast(Answer, self._send("POST", path, json=body, headers=headers).json())

    def put(self, path: str, body: Answer, version: int | None = None) -> Answer:
        """Replace something; only if it is still at that version."""
        headers = {} if version is None else {"If-Match": str(version)}
        return cast(Answer, self._send("PUT", path, json=body, headers=headers).json())

    def upload(
        self, service: str, kind: str, name: str, data: bytes, applied: Callable[[int], None] = lambda rows: None
    ) -> Imported:
        """Import a spreadsheet and wait until its last row is recorded; `applied` is told of rows as they come.

        Raises:
            Refused: the sheet was refused, row by row, and nothing of it was taken.
        """
        sent = self._send(
            "POST",
            f"/{service}/imports",
            data={"kind": kind},
            files={"file": (name, data, _SPREADSHEET)},
            headers=_key(),
            refusable=True,
        )
        state = sent.json()
        if sent.status_code == 422:
            raise self._sheet_refused(service, sent)
        seen, pause = 0, _SOON
        while True:
            applied(int(state["applied"]) - seen)
            seen = int(state["applied"])
            if state["state"] == "applied":
                until = state["recorded_until"]
                failures = [_row(failure) for failure in state["failures"]]
                return Imported(
                    int(state["rows"]),
                    int(state["skipped"]),
                    datetime.fromisoformat(until) if until else None,
                    failures,
                )
            time.sleep(pause)
            pause = min(_LATER, pause * 1.5)
            state = self.get(f"/{service}/imports/{state['id']}")

    def _sheet_refused(self, service: str, sent: httpx.Response) -> Refused:
        """The refusal of a sheet; its import says more than the problem does: each row's stable code."""
        told = sent.json()
        import_id = sent.headers.get("X-Import-Id")
        state: Answer = {"errors": [], "applied": 0}
        if import_id:
            state = self.get(f"/{service}/imports/{import_id}")
        if state["applied"]:
            raise AssertionError(f"refused import {import_id} applied {state['applied']} rows")
        return Refused(told["code"], told["detail"], [_row(error) for error in state["errors"]])

    def report(self, unit: str, first: date, last: date) -> Answer:
        """The figures of a unit and, side by side, of those right below it."""
        query = {"from": first.isoformat(), "to": last.isoformat(), "children": "true"}
        return self.get(f"/reports/{unit}", **query)

    def document(self, path: str) -> bytes:
        """A file."""
        return self._send("GET", path).content

    def _send(self, method: str, path: str, *, refusable: bool = False, **more: Any) -> httpx.Response:
        """Ask; while the platform says that it cannot just now, ask again with the same key."""
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._client.request(method, path, **more)
            except httpx.TransportError as problem:
                if attempt == _ATTEMPTS:
                    raise Refused("platform.unreachable", f"无法连接平台 {self._client.base_url}") from problem
            else:
                if answer.is_success or (refusable and answer.status_code == 422):
                    return answer
                soon = int(answer.headers.get("Retry-After", 0)) <= _PATIENCE
                if answer.status_code not in _AGAIN or not soon or attempt == _ATTEMPTS:
                    raise _refusal(answer)
            time.sleep(0.5 * attempt)


def read_password(place: Path) -> str:
    """A password that the platform keeps in a file.

    Raises:
        Refused: there is no such file.
    """
    try:
        return place.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise Refused("password.missing", f"没有密码文件 {place}") from error


def _key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def _refusal(answer: httpx.Response) -> Refused:
    try:
        problem = answer.json()
        return Refused(problem["code"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        return Refused("http.status", f"{answer.request.url} 答复 {answer.status_code}")


def _row(error: Answer) -> RowRefused:
    return RowRefused(int(error["row"]), error["column"], error["code"], error["detail"], error.get("tab", ""))
