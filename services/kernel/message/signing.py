"""Signatures over what crosses the bus: the broker carries messages, it does not vouch for them.

A signature is an HMAC over a purpose, the names that belong to the message and its exact bytes. The keys are lines of
one file, `ID SECRET` (hex): the first signs, all are accepted, so that a key is replaced without a pause. The file is
read again when it has changed.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from .suite import DIGESTS

HEADER = "shengzhi-signature"
"""The AMQP header that bears it: `digest:key id:hex`."""
FILE = "signing.keys"
MOST_KEYS = 2
_SECRET_BYTES = 32
_LOOK_SECONDS = 1.0
_FEWEST_KEPT = 1024

Reason = Literal["unsigned", "unknown_key", "wrong_signature"]
UNTRUSTED: tuple[Reason, ...] = get_args(Reason)


class Untrusted(Exception):
    """A message is not signed as it must be; says in one word why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Key:
    """A secret and the name by which a message says with what it was signed."""

    id: str
    secret: bytes


def new_key() -> Key:
    """A key that nobody has had."""
    return Key(secrets.token_hex(4), secrets.token_bytes(_SECRET_BYTES))


def written(keys: Sequence[Key]) -> str:
    """The file's text."""
    return "".join(f"{key.id} {key.secret.hex()}\n" for key in keys)


def read(text: str) -> list[Key]:
    """The keys in a file's text, the one that signs first.

    Raises:
        ValueError: it holds no key, one too many, or a line that is none.
    """
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        id, _, secret = line.strip().partition(" ")
        try:
            key = Key(id, bytes.fromhex(secret))
        except ValueError as error:
            raise ValueError(f"{FILE}, line {number}: a secret is written in hex") from error
        if not id or len(key.secret) < _SECRET_BYTES:
            raise ValueError(f"{FILE}, line {number}: expected ID SECRET with {_SECRET_BYTES} bytes")
        keys.append(key)
    if not 1 <= len(keys) <= MOST_KEYS:
        raise ValueError(f"{FILE} must hold one key, or two while one is replaced; it holds {len(keys)}")
    return keys


class Keys:
    """The keys of one file. A file that cannot be read (any more) leaves what was read before in force."""

    def __init__(self, path: Path, digest: str = DIGESTS[0]) -> None:
        self._path = path
        self._digest = digest
        self._keys: list[Key] = []
        self._stamp: tuple[int, int] | None = None
        self._looked = float("-inf")

    def sign(self, purpose: str, names: Sequence[str], body: bytes) -> str:
        """The signature of a message.

        Raises:
            OSError, ValueError: there has been no file with keys yet.
        """
        key = self._known()[0]
        return f"{self._digest}:{key.id}:{_mac(self._digest, key, purpose, names, body).hex()}"

    def check(self, signature: object, purpose: str, names: Sequence[str], body: bytes) -> None:
        """Make sure that one of our keys signed just this.

        Raises:
            Untrusted: it did not.
            OSError, ValueError: there has been no file with keys yet.
        """
        parts = signature.split(":") if isinstance(signature, str) else []
        if len(parts) != 3 or parts[0] not in DIGESTS:
            raise Untrusted("unsigned")
        digest, id, mac = parts
        key = next((known for known in self._known() if known.id == id), None)
        if key is None:
            raise Untrusted("unknown_key")
        wanted = _mac(digest, key, purpose, names, body).hex()
        if not hmac.compare_digest(wanted.encode(), mac.encode(errors="surrogatepass")):
            raise Untrusted("wrong_signature")

    def _known(self) -> list[Key]:
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked = now
            try:
                found = self._path.stat()
                stamp = (found.st_mtime_ns, found.st_ino)
                if stamp != self._stamp:
                    self._keys, self._stamp = read(self._path.read_text()), stamp
            except (OSError, ValueError):
                if not self._keys:
                    self._looked = float("-inf")
                    raise
        return self._keys


def _mac(digest: str, key: Key, purpose: str, names: Sequence[str], body: bytes) -> bytes:
    """Each name with its length before it, so that no two messages are written the same."""
    parts = [name.encode("utf-8", "surrogatepass") for name in (purpose, *names)]  # whatever a stranger may call it
    return hmac.digest(key.secret, b"".join(b"%d:%b," % (len(part), part) for part in parts) + body, digest)


def sign_request(keys: Keys, service: str, method: str, reply_to: str, correlation_id: str, body: bytes) -> str:
    """The signature of a command or query: for this method, these bytes, and an answer to this caller alone."""
    return keys.sign("request", (f"{service}.{method}", reply_to, correlation_id), body)


def check_request(
    keys: Keys, signature: object, routing_key: str, reply_to: str, correlation_id: str, body: bytes
) -> None:
    """Make sure that the edge sent this.

    Raises:
        Untrusted: it did not.
    """
    keys.check(signature, "request", (routing_key, reply_to, correlation_id), body)


def sign_answer(keys: Keys, reply_to: str, correlation_id: str, body: bytes) -> str:
    """The signature of an answer to one request."""
    return keys.sign("answer", (reply_to, correlation_id), body)


def check_answer(keys: Keys, signature: object, reply_to: str, correlation_id: str, body: bytes) -> None:
    """Make sure that a service answered this request with this.

    Raises:
        Untrusted: it did not.
    """
    keys.check(signature, "answer", (reply_to, correlation_id), body)


def sign_event(keys: Keys, body: bytes) -> str:
    """The signature of an event, wherever it is sent and however often: it takes effect once."""
    return keys.sign("event", (), body)


def check_event(keys: Keys, signature: object, body: bytes) -> None:
    """Make sure that a process of the platform told this.

    Raises:
        Untrusted: none did.
    """
    keys.check(signature, "event", (), body)


def sign_resend(keys: Keys, queue: str, body: bytes) -> str:
    """The signature of what an owner is asked to send again."""
    return keys.sign("resend", (queue,), body)


def check_resend(keys: Keys, signature: object, queue: str, body: bytes) -> None:
    """Make sure that a subscriber of the platform asks this of this owner.

    Raises:
        Untrusted: none does.
    """
    keys.check(signature, "resend", (queue,), body)


class Seen:
    """Signatures that were met, each until its message is too old to be taken anyway."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._most = _FEWEST_KEPT

    def first(self, signature: str, until: datetime, now: datetime) -> bool:
        """Whether this one is met for the first time."""
        if signature in self._until:
            return False
        self._until[signature] = until
        if len(self._until) > self._most:
            self._until = {known: end for known, end in self._until.items() if end >= now}
            self._most = max(_FEWEST_KEPT, 2 * len(self._until))
        return True
