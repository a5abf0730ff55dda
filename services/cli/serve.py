"""One nameko service in this process, with its metrics, its health and an orderly end.

Imported by service processes alone: importing it patches the standard library for eventlet.
"""

# ruff: noqa: E402  # nothing else may be loaded before the patch
import warnings

warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")  # known, and decided: nameko needs it

import eventlet

eventlet.monkey_patch()

import gc
import importlib
import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import eventlet.wsgi
import nameko
import structlog
from eventlet.event import Event
from nameko.containers import ServiceContainer
from prometheus_client import make_wsgi_app
from pymongo.errors import PyMongoError

from services.cli import WORKERS
from services.kernel import logs
from services.kernel.bus.broker import HEARTBEAT
from services.kernel.settings import Settings, settings

SPARE_WORKERS = 16  # beside those that RPC may keep busy: consumers, timers
STOP_SECONDS = 12.0

StartResponse = Callable[..., Any]
Environ = dict[str, Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
log = structlog.stdlib.get_logger(__name__)


def main(arguments: list[str]) -> int:
    """Serve until told to end (0) or until the container dies (1): the supervisor starts it again."""
    if len(arguments) != 1 or arguments[0] not in WORKERS:
        print(f"usage: python -m services.cli serve {{{'|'.join(WORKERS)}}}")  # noqa: T201  # said to a person
        return 2
    name = arguments[0]
    logs.configure(name)
    nameko.config.setup(bus_settings(settings()))
    container = ServiceContainer(service_class(name))
    health = Health(container)
    listener = eventlet.listen((settings().http_host, settings().metrics_port))
    eventlet.spawn_n(eventlet.wsgi.server, listener, health, log_output=False)
    ending = Ending(container)
    over = Event()

    def live() -> None:
        """Start the container; what it cannot start ends the process."""
        try:
            container.start()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is over
            over.send_exception(error)
        else:
            gc.collect()
            gc.freeze()  # what is there by now stays, and need not be looked through again and again
            health.started = True
            log.info("service.started", service=name)

    def die() -> None:
        """Wait for the container's end, which may come before its start has returned."""
        try:
            over.send(container.wait())
        except Exception as error:  # noqa: BLE001  # whatever it is, it is over
            over.send_exception(error)

    eventlet.spawn_n(live)
    eventlet.spawn_n(die)
    try:
        over.wait()
    except Exception as error:
        if ending.asked:
            log.warning("service.stopped_uncleanly", error=repr(error))
            return 0
        log.exception("service.died", service=name)
        return 1
    log.info("service.stopped", service=name)
    return 0 if ending.asked else 1


def service_class(name: str) -> Any:
    """The nameko class of a service: Study in services.study.service."""
    return getattr(importlib.import_module(f"services.{name}.service"), name.capitalize())


def bus_settings(given: Settings) -> dict[str, Any]:
    """What nameko is told; a dictionary of one's own, for nameko changes what it gets."""
    return {
        "AMQP_URI": given.amqp_uri,
        "HEARTBEAT": HEARTBEAT,
        "PREFETCH_COUNT": given.rpc_prefetch,
        "max_workers": given.rpc_prefetch + SPARE_WORKERS,
        "serializer": "json",
        "ACCEPT": ["json"],
        "TRANSPORT_OPTIONS": {"max_retries": 3, "interval_start": 0.2, "interval_step": 0.5},
    }


class Ending:
    """Turns the first SIGTERM into an orderly stop and gives it a limit."""

    def __init__(self, container: Any) -> None:
        self.asked = False
        self._container = container
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Signal handlers run in the hub, which may not wait: the stop is a greenlet of its own."""
        if not self.asked:
            self.asked = True
            eventlet.spawn_n(self._container.stop)
            eventlet.spawn_after(STOP_SECONDS, self._container.kill)


class Health:
    """/healthz: the process answers. /readyz: it can do its work. /metrics: Prometheus."""

    def __init__(self, container: Any) -> None:
        self.started = False
        self._container = container
        self._metrics: Application = make_wsgi_app()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a probe."""
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return self._metrics(environ, start_response)
        problem = {"/healthz": lambda: "", "/readyz": self.problem}.get(path, lambda: None)()
        status = "404 Not Found" if problem is None else "503 Service Unavailable" if problem else "200 OK"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [(problem or "ok").encode()]

    def problem(self) -> str:
        """Why it is not ready; empty when it is."""
        if not self.started:
            return "starting"
        for extension in self._container.extensions:
            if getattr(extension, "ready", True) is not True:
                return f"{type(extension).__name__} is not ready"
            if (database := getattr(extension, "database", None)) is not None:
                try:
                    database.command("ping")
                except PyMongoError as error:
                    return f"store: {error!r}"
        return ""
