"""Numbers and a name that are planted wherever somebody may write, and a search that finds them however spelled."""

from __future__ import annotations

import io
import itertools
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlparse

import amqp
import python_calamine

from services.cli.local.platform import Platform
from services.kernel.bus.broker import exchange_of
from services.registry import SOURCES

NAME = "欧阳样某"
NUMBERS = (
    "13870015577",
    "138 7001 5577",
    "138.7001.5577",
    "138—7001—5577",
    "１３８７００１５５７７",
    "138\u200b7001\u200b5577",
    "1\u00ad38-7001-5577",
    "①③⑧70015577",
    "+86 138 7001 5577",
    "0731-88715577",
    "（０７３１）８８７１ ５５７７",
    "43010219900307557X",
    "430102 1990 0307 557X",
    "6222020731557788",
    "622202073155778 8990",
    "20260307155778899001",
)
_DIGITS = ("13870015577", "88715577", "43010219900307557", "6222020731557", "20260307155778899")
_next = itertools.cycle(NUMBERS)


def number() -> str:
    """The next spelling."""
    return next(_next)


def betrayed(text: str) -> bool:
    """Whether a planted name or number can be read in a text."""
    seen = unicodedata.normalize("NFKC", text)
    visible = "".join(each for each in seen if unicodedata.category(each) not in ("Cf", "Mn", "Me", "Zs"))
    return NAME in visible or any(digits in re.sub(r"[^0-9]", "", visible) for digits in _DIGITS)


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, the names of its fields too."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield str(name)
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "ignore")
    elif isinstance(value, str):
        yield value


def cells(workbook: bytes) -> Iterator[str]:
    """Every text in a workbook."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook))
    for name in book.sheet_names:
        for row in book.get_sheet_by_name(name).to_python():
            yield from (str(cell) for cell in row)


class Observer:
    """A listener of its own on every service's events."""

    def __init__(self, platform: Platform) -> None:
        address = urlparse(platform.amqp_uri)
        self._connection = amqp.Connection(
            f"{address.hostname}:{address.port}",
            userid=address.username,
            password=address.password,
            virtual_host=address.path[1:] or "/",
        )
        self._connection.connect()
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare(exclusive=True).queue
        for service in SOURCES:
            self._channel.queue_bind(self._queue, exchange_of(service), "#")

    def bodies(self) -> Iterator[str]:
        """What was told since the last look."""
        while (message := self._channel.basic_get(self._queue, no_ack=True)) is not None:
            body = message.body
            yield body.decode() if isinstance(body, bytes) else body

    def close(self) -> None:
        """Go; the queue goes too."""
        self._connection.close()
