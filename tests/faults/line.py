"""A line between a client and a server on this machine that can lose what is on it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit


class Line:
    """Listens on a port of its own and carries bytes to and from the server behind `uri`."""

    def __init__(self, uri: str) -> None:
        self._parts = urlsplit(uri)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._losing = threading.Event()
        self._ends: list[socket.socket] = []

    @property
    def uri(self) -> str:
        """The server's address by this line."""
        place = f"{self._parts.username}:{self._parts.password}@127.0.0.1:{self._listener.getsockname()[1]}"
        return self._parts._replace(netloc=place).geturl()

    def lose(self) -> None:
        """From now on what the client sends arrives nowhere, and nobody says so."""
        self._losing.set()

    def cut(self) -> None:
        """Every connection is broken; new ones lose nothing."""
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._losing.clear()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((self._parts.hostname or "", self._parts.port or 0))
                self._ends += [client, server]
                threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, lossy: bool) -> None:
        with source, contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not (lossy and self._losing.is_set()):
                    sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
