"""A small TCP proxy before each store: connections can be cut, left half-open, slowed down or refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from services.cli.local.process import free_port

_AT_ONCE = 65_536
_RESET = struct.pack("ii", 1, 0)
T = TypeVar("T")


@dataclass(eq=False)
class _Pair:
    """One connection of ours and the one that was opened for it; `deaf` where nobody listens to ours any more."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter | None = None
    deaf: bool = False

    def reset(self) -> None:
        """Both sides are told that the connection is gone, as after a crash."""
        for side in (self.near, self.far):
            if side is not None:
                _abort(side)


@dataclass
class Proxy:
    """Listens on `port` for one address of ours. Its methods may be called from any thread."""

    target: int
    run: Callable[[Awaitable[Any]], Any]
    port: int = field(default_factory=free_port)
    _pairs: set[_Pair] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _silent: bool = False
    _delay: float = 0.0

    def open(self) -> None:
        """Listen, and pass on what comes. What was left half-open stays so."""
        self.run(self._open())

    def cut(self) -> None:
        """Reset every connection."""
        self.run(self._cut())

    def refuse(self) -> None:
        """Reset every connection and take no new one."""
        self.run(self._refuse())

    def half_open(self) -> None:
        """The far side is gone and nobody says so: what is sent is swallowed, also on new connections."""
        self.run(self._half_open())

    def slow(self, seconds: float) -> None:
        """Every piece (64 KiB at most) waits so long before it is passed on."""
        self._delay = seconds

    async def _open(self) -> None:
        self._silent, self._delay = False, 0.0
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        for pair in list(self._pairs):
            pair.reset()

    async def _refuse(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await self._cut()

    async def _half_open(self) -> None:
        self._silent = True
        for pair in self._pairs:
            pair.deaf = True
            if pair.far is not None:
                _abort(pair.far)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = _Pair(writer, deaf=self._silent)
        self._pairs.add(pair)
        try:
            if pair.deaf:
                await self._pass_on(pair, reader, None)
                return
            from_far, pair.far = await asyncio.open_connection("127.0.0.1", self.target)
            back = asyncio.create_task(self._answer(pair, from_far))
            await self._pass_on(pair, reader, pair.far)
            if pair.far is not None:
                pair.far.close()
            await back
        except OSError:
            pair.reset()
        finally:
            self._pairs.discard(pair)
            writer.close()

    async def _answer(self, pair: _Pair, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            await self._pass_on(pair, reader, pair.near)
        if not pair.deaf:
            pair.near.close()

    async def _pass_on(self, pair: _Pair, reader: asyncio.StreamReader, to: asyncio.StreamWriter | None) -> None:
        while data := await reader.read(_AT_ONCE):
            if self._delay:
                await asyncio.sleep(self._delay)
            if to is not None and not pair.deaf:
                to.write(data)
                await to.drain()


class Wires:
    """The loop, in a thread of its own, in which proxies live."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self.all: list[Proxy] = []

    def before(self, target: int) -> Proxy:
        """A proxy before a port of the loopback interface, open."""
        proxy = Proxy(target, self._run)
        proxy.open()
        self.all.append(proxy)
        return proxy

    def __enter__(self) -> Wires:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        for proxy in self.all:
            proxy.refuse()
        self._run(self._over())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _over(self) -> None:
        """Wait until whoever passed something on has noticed."""
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(30)


def _abort(side: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a farewell."""
    if (raw := side.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    side.transport.abort()
