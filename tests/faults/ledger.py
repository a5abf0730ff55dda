"""What clients asked for and what was acknowledged, written down outside the platform."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

_AGAIN = (429, 500, 502, 503, 504)
_PATIENCE = 90.0


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
class Ledger:
    """Everything that was asked, by all clients."""

    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    refusals: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0

    def note(self, number: str, due: int) -> Asked:
        """Write down, before it is sent, what is asked."""
        entry = Asked(number, due)
        with self.lock:
            self.asked.append(entry)
        return entry


class Client(threading.Thread):
    """Records and reports sessions, now and then takes one back; asks again with the same key until it is answered."""

    def __init__(self, name: str, url: str, token: str, ledger: Ledger, seed: int, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self._ledger = ledger
        self._random = random.Random(seed)
        self._stopping = stop

    def run(self) -> None:
        """Work until told to stop."""
        count = 0
        while not self._stopping.is_set():
            count += 1
            entry = self._ledger.note(f"{self.name}-{count}", self._random.randint(5, 40))
            made = self._ask(f"{entry.number}-hold", "/study/sessions", _body(entry))
            if made is None:
                continue
            entry.id = made["id"]
            if self._ask(f"{entry.number}-submit", f"/study/sessions/{entry.id}/submissions", None) is None:
                continue
            entry.submitted = True
            if self._random.random() < 0.1:
                entry.asked_void = True
                reason = {"reason": "演练"}
                entry.voided = (
                    self._ask(f"{entry.number}-void", f"/study/sessions/{entry.id}/voids", reason) is not None
                )
        self._http.close()

    def _ask(self, key: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """The answer, or None where none came within the patience: asked, but not acknowledged."""
        started = time.monotonic()
        while time.monotonic() - started < _PATIENCE:
            try:
                answer = self._http.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code in _AGAIN:
                time.sleep(0.2)
                continue
            if not answer.is_success:
                with self._ledger.lock:
                    self._ledger.refusals.append(f"{path} {answer.status_code} {answer.text[:200]}")
                return None
            with self._ledger.lock:
                self._ledger.longest_seconds = max(self._ledger.longest_seconds, time.monotonic() - started)
            made: dict[str, Any] = answer.json()
            return made
        return None


def _body(entry: Asked) -> dict[str, Any]:
    return {
        "unit": f"D{sum(entry.number.encode()) % 3:03d}",
        "day": "2026-03-05",
        "way": "branch",
        "form": "theme_day",
        "title": "演练",
        "due": entry.due,
        "number": entry.number,
    }


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
