"""Structured logs: one JSON object a line, on standard error, with the trace of what is being done."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from .message.redaction import redact
from .settings import settings


def configure(process: str) -> None:
    """Send this process's logs, its libraries' too, to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        redacted,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings().log_level)
    for noisy in ("pymongo", "amqp", "kombu", "aiormq", "aio_pika", "httpx"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("nameko.containers").addFilter(_unexpected)
    structlog.contextvars.bind_contextvars(process=process)


def _unexpected(record: logging.LogRecord) -> bool:
    """Not nameko's word on a refusal, which comes with a traceback: the entrypoint has logged it in one line."""
    return not str(record.msg).startswith("(expected)")


def redacted(_logger: Any, _method: str, told: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What an error says may repeat what somebody typed: no number that names a person reaches the log."""
    for name in ("event", "error", "reason", "exception"):
        if isinstance(told.get(name), str):
            told[name] = redact(told[name])
    return told


def logger(name: str) -> Any:
    """A logger whose keyword arguments become fields."""
    return structlog.stdlib.get_logger(name)
