"""Which algorithms seal and chain: AES-256-GCM with HMAC-SHA-256, or SM4-GCM (GB/T 32907) with HMAC-SM3 (GB/T 32905).

An installation chooses by `SHENGZHI_CIPHERS`. What is sealed says by its first byte with what; what is chained is
verified with either. So an installation may change over: it writes in the new suite and still reads the old.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Name = Literal["international", "sm"]
_TAG = 16


class Aead(Protocol):
    """Authenticated encryption under one key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """The text with its tag behind it."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """The text again.

        Raises:
            cryptography.exceptions.InvalidTag: it is not what was sealed under this key for this place.
        """


class Sm4Gcm:
    """SM4 in GCM, as in RFC 8998; its keys have 128 bits."""

    def __init__(self, key: bytes) -> None:
        self._sm4 = algorithms.SM4(key)

    @classmethod
    def drawn(cls, key: bytes) -> Self:
        """Under a key drawn from a longer one."""
        return cls(hmac.digest(key, b"sm4", "sm3")[:16])

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """The text with its tag behind it."""
        encryptor = Cipher(self._sm4, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """The text again.

        Raises:
            cryptography.exceptions.InvalidTag: it is not what was sealed under this key for this place.
        """
        if len(data) < _TAG:
            raise InvalidTag
        decryptor = Cipher(self._sm4, modes.GCM(nonce, data[-_TAG:])).decryptor()
        decryptor.authenticate_additional_data(associated_data)
        return decryptor.update(data[:-_TAG]) + decryptor.finalize()


@dataclass(frozen=True)
class Suite:
    """`mark` stands before what it sealed; `digest` is hashlib's name of its hash."""

    mark: bytes
    aead: Callable[[bytes], Aead]
    digest: str


SUITES: dict[Name, Suite] = {
    "international": Suite(b"\x01", AESGCM, "sha256"),
    "sm": Suite(b"\x02", Sm4Gcm.drawn, "sm3"),
}
DIGESTS = tuple(suite.digest for suite in SUITES.values())
BY_MARK = {suite.mark: suite for suite in SUITES.values()}
