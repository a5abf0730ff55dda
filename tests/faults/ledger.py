"""What clients asked for and what was acknowledged, written down outside the platform."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx

from services.cli.workbook import Cells, workbook
from services.kernel.sheets.sheet import XLSX
from tests.eventually import PATIENCE

_AGAIN = (429, 500, 502, 503, 504)
_PATIENCE = 600.0
_MOST_PAUSE = 1.0
"""Seconds between two records of a client, at most: clients that alone keep two cores busy only make restarts slow."""
UNITS = 12


@dataclass
class Asked:
    """One session that a client asked for: its own number, and how far it was acknowledged."""

    number: str
    due: int
    id: str | None = None
    submitted: bool = False
    voided: bool = False
    asked_void: bool = False


@dataclass
class AskedTicket:
    """One ticket: the events that were asked for, in their order, and how many of them were acknowledged."""

    number: str
    id: str | None = None
    asked: list[str] = field(default_factory=list)
    acknowledged: int = 0


@dataclass
class Ledger:
    """Everything that was asked, by all clients; `answers` counts acknowledgements by area."""

    asked: list[Asked] = field(default_factory=list)
    tickets: list[AskedTicket] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    refusals: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    longest_seconds: float = 0.0

    def note(self, number: str, due: int) -> Asked:
        """Write down, before it is sent, what is asked."""
        entry = Asked(number, due)
        with self.lock:
            self.asked.append(entry)
        return entry

    def note_ticket(self, number: str) -> AskedTicket:
        """Write down, before it is sent, what ticket is asked."""
        entry = AskedTicket(number)
        with self.lock:
            self.tickets.append(entry)
        return entry

    def answered(self, area: str, seconds: float) -> None:
        """Count an acknowledgement."""
        with self.lock:
            self.answers[area] += 1
            self.longest_seconds = max(self.longest_seconds, seconds)

    def refused(self, text: str) -> None:
        """Keep what must not have been refused."""
        with self.lock:
            self.refusals.append(text)


class Caller:
    """Asks with one key until it is answered or the patience is over."""

    def __init__(self, url: str, token: str, ledger: Ledger) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE
        )
        self._ledger = ledger

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def ask(
        self, key: str, path: str, body: dict[str, Any] | None = None, *, method: str = "POST", **more: Any
    ) -> dict[str, Any] | None:
        """The answer, or None where none came within the patience: asked, but not acknowledged."""
        started = time.monotonic()
        while time.monotonic() - started < _PATIENCE:
            try:
                answer = self._http.request(method, path, json=body, headers={"Idempotency-Key": key}, **more)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code in _AGAIN:
                time.sleep(0.2)
                continue
            if not answer.is_success:
                self._ledger.refused(f"{path} {answer.status_code} {answer.text[:200]}")
                return None
            self._ledger.answered(path.split("/")[1], time.monotonic() - started)
            made: dict[str, Any] = answer.json()
            return made
        return None


class Client(threading.Thread):
    """Records and reports sessions, now and then takes one back; asks again with the same key until it is answered."""

    def __init__(self, name: str, url: str, token: str, ledger: Ledger, seed: int, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._caller = Caller(url, token, ledger)
        self._ledger = ledger
        self._random = random.Random(seed)
        self._stopping = stop

    def run(self) -> None:
        """Work until told to stop."""
        count = 0
        while not self._stopping.is_set():
            count += 1
            self.work(f"{self.name}-{count}")
            self._stopping.wait(self._random.uniform(0, _MOST_PAUSE))
        self._caller.close()

    def work(self, number: str) -> None:
        """One session, as far as it is answered."""
        entry = self._ledger.note(number, self._random.randint(5, 40))
        made = self._caller.ask(f"{number}-hold", "/study/sessions", _body(entry))
        if made is None:
            return
        entry.id = made["id"]
        if self._caller.ask(f"{number}-submit", f"/study/sessions/{entry.id}/submissions") is None:
            return
        entry.submitted = True
        if self._random.random() < 0.1:
            entry.asked_void = True
            path, reason = f"/study/sessions/{entry.id}/voids", {"reason": "演练"}
            entry.voided = self._caller.ask(f"{number}-void", path, reason) is not None


class Agent(Client):
    """Takes tickets down, classifies and dispatches them, now and then takes one back."""

    def work(self, number: str) -> None:
        """One ticket, as far as it is answered."""
        entry = self._ledger.note_ticket(number)
        body = {
            "unit": "P000",
            "channel": "phone",
            "kind": "help",
            "category": "住房",
            "title": "演练",
            "received": "2026-03-05T09:00:00+08:00",
            "number": number,
            "caller_phone": "00000000000",
            "text": "演练",
        }
        if (made := self._step(entry, "registered", "/hotline/tickets", body)) is None:
            return
        entry.id = made["id"]
        path = f"/hotline/tickets/{entry.id}"
        if self._step(entry, "classified", f"{path}/classifications", {"kind": "help", "category": "住房"}) is None:
            return
        if self._step(entry, "dispatched", f"{path}/dispatches", {"handler": _unit(number)}) is None:
            return
        if self._random.random() < 0.1:
            self._step(entry, "voided", f"{path}/voids", {"reason": "演练"})

    def _step(self, entry: AskedTicket, past: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        entry.asked.append(f"ticket.{past}.v1")
        made = self._caller.ask(f"{entry.number}-{past}", path, body)
        if made is not None:
            entry.acknowledged += 1
        return made


class Importing(threading.Thread):
    """Sends a sheet of sessions and waits until its last row is recorded. An accepted sheet is an acknowledgement."""

    def __init__(self, name: str, url: str, token: str, ledger: Ledger, rows: int) -> None:
        super().__init__(name=name, daemon=True)
        self._caller = Caller(url, token, ledger)
        self._entries = [ledger.note(f"{name}-{row}", 5 + row % 36) for row in range(rows)]
        self._ledger = ledger
        self.applied = False

    def run(self) -> None:
        """Send it, with the same key until it is answered; then ask how far it has come."""
        file = ("sheet.xlsx", workbook({"sessions": [_row(entry) for entry in self._entries]}), XLSX)
        state = self._caller.ask(self.name, "/study/imports", data={"kind": "sessions"}, files={"file": file})
        if state is not None:
            for entry in self._entries:
                entry.submitted = True
        while state is not None and state["state"] != "applied":
            time.sleep(0.2)
            state = self._caller.ask(self.name, f"/study/imports/{state['id']}", method="GET")
        if state is not None:
            self.applied = True
            if state["failures"] or state["skipped"] or state["applied"] != len(self._entries):
                self._ledger.refused(f"import {self.name}: {state}")
        self._caller.close()


def _unit(number: str) -> str:
    return f"D{sum(number.encode()) % UNITS:03d}"


def _body(entry: Asked) -> dict[str, Any]:
    return {
        "unit": _unit(entry.number),
        "day": "2026-03-05",
        "way": "branch",
        "form": "theme_day",
        "title": "演练",
        "due": entry.due,
        "number": entry.number,
    }


def _row(entry: Asked) -> Cells:
    names = {"way": "研学", "form": "主题党日", "day": date(2026, 3, 5)}
    return {**_body(entry), **names}


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until it holds.

    Raises:
        AssertionError: it did not within the seconds; says what did not happen.
    """
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.25)
