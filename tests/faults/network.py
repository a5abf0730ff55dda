"""Faults of what lies between the processes: connections cut, half-open, slow or refused; a broker that says no."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.cli.local.broker import USER

from .ledger import wait_for
from .proxy import Proxy
from .stage import Stage

_NOTHING = ("^$", "^$", "^$")
_EVERYTHING = (".*", ".*", ".*")
_WAIT_SECONDS = 6.0
_SLOW_SECONDS = 0.15


def cut_broker(stage: Stage) -> None:
    """Every connection to the broker is reset, five times within a few seconds."""
    _cut_often(stage, stage.amqp)


def cut_store(stage: Stage) -> None:
    """The same for connections to the store's members, those of the members to each other among them."""
    _cut_often(stage, *stage.mongo)


def cut_clients(stage: Stage) -> None:
    """The same for the clients: answers are lost on their way."""
    _cut_often(stage, stage.http)


def refuse_broker(stage: Stage) -> None:
    """Nobody reaches the broker for some seconds."""
    with _as_long_as(stage.amqp, Proxy.refuse):
        time.sleep(_WAIT_SECONDS)


def refuse_store(stage: Stage) -> None:
    """Nobody reaches the primary for some seconds; it reaches the others."""
    with _as_long_as(_primary(stage), Proxy.refuse):
        time.sleep(_WAIT_SECONDS)


def half_open_broker(stage: Stage) -> None:
    """The broker's side of every connection goes, and ours are not told: heartbeats and time-outs must find out."""
    with _as_long_as(stage.amqp, Proxy.half_open):
        time.sleep(_WAIT_SECONDS)


def half_open_store(stage: Stage) -> None:
    """The same for connections to the primary."""
    with _as_long_as(_primary(stage), Proxy.half_open):
        time.sleep(_WAIT_SECONDS)


def slow_broker(stage: Stage) -> None:
    """Every piece on its way to or from the broker takes so long for a while."""
    with _as_long_as(stage.amqp, lambda proxy: proxy.slow(_SLOW_SECONDS)):
        time.sleep(2 * _WAIT_SECONDS)


def slow_store(stage: Stage) -> None:
    """The same for one member of the store."""
    with _as_long_as(stage.random.choice(stage.mongo), lambda proxy: proxy.slow(_SLOW_SECONDS)):
        time.sleep(2 * _WAIT_SECONDS)


def revoke_permission(stage: Stage) -> None:
    """The platform's user may do nothing at the broker for some seconds. Channels know what they were allowed: cut."""
    _permit(stage, _NOTHING)
    try:
        stage.amqp.cut()
        time.sleep(_WAIT_SECONDS)
    finally:
        _permit(stage, _EVERYTHING)


def fill_disk(stage: Stage) -> None:
    """The broker finds too little room on its disk and stops whoever publishes."""
    stage.broker().control("set_disk_free_limit", "1000000GB")
    try:
        time.sleep(2 * _WAIT_SECONDS)
        wait_for(lambda: "free disk space alarm" in stage.broker().control("status").lower(), 240, "the alarm")
    finally:
        stage.broker().control("set_disk_free_limit", "50MB")


def _cut_often(stage: Stage, *proxies: Proxy) -> None:
    for _ in range(5):
        for proxy in proxies:
            proxy.cut()
        time.sleep(stage.random.uniform(0.2, 1.5))


def _primary(stage: Stage) -> Proxy:
    return stage.mongo[stage.primary()]


def _permit(stage: Stage, what: tuple[str, str, str]) -> None:
    stage.broker().control("set_permissions", "-p", "/", USER, *what)


@contextmanager
def _as_long_as(proxy: Proxy, harm: Callable[[Proxy], None]) -> Iterator[None]:
    harm(proxy)
    try:
        yield
    finally:
        proxy.open()
