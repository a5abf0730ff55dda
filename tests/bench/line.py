"""One HTTP connection of a client that costs next to nothing, for it shares the machine with what it measures."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit


class Line:
    """A connection that is kept; each request waits for its whole answer."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "x", **headers}.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """The body of the answer, which must be a good one."""
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}{told}Content-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode() + body)
        status, length = self._answers.readline(), 0
        while (header := self._answers.readline()) != b"\r\n":
            if not header:
                raise ConnectionResetError("the server has closed the connection")
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        answer = self._answers.read(length)
        assert b" 20" in status, (status, answer)
        return answer
