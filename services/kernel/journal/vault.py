"""Personal data and raw text: beside the journal, never in it, each person under a key of their own.

A person's key lies in `private_keys`, wrapped by the master key that no store holds; what it encrypts lies in
`private`.
Deleting the key erases the person, in every backup of `private` too.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable

import orjson
import pymongo
from cryptography.exceptions import InvalidTag
from pymongo.database import Database

from .. import metrics
from ..message.clock import Clock, utc_now
from ..message.errors import DomainError
from ..message.suite import BY_MARK, Aead, Suite
from ..settings import settings
from .store import Document, ensure_collections
from .work import Work

_KEY, _NONCE = 32, 12


class Cipher:
    """Seals with the suite chosen: its mark, a random nonce, the text with its place authenticated; opens either's."""

    def __init__(self, key: bytes, suite: Suite | None = None) -> None:
        self._key = key
        self._suite = suite or settings().suite
        self._aeads: dict[bytes, Aead] = {}

    def encrypt(self, text: bytes, place: str) -> bytes:
        """The text under this key, fit for `place` alone."""
        nonce = os.urandom(_NONCE)
        return self._suite.mark + nonce + self._aead(self._suite).encrypt(nonce, text, place.encode())

    def decrypt(self, sealed: bytes, place: str) -> bytes:
        """The text again.

        Raises:
            cryptography.exceptions.InvalidTag: another key, another place, or somebody changed it.
        """
        suite = BY_MARK.get(sealed[:1])
        if suite is None or len(sealed) <= _NONCE:
            raise InvalidTag
        return self._aead(suite).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.encode())

    def _aead(self, suite: Suite) -> Aead:
        if suite.mark not in self._aeads:
            self._aeads[suite.mark] = suite.aead(self._key)
        return self._aeads[suite.mark]


class Vault:
    """A service's personal data."""

    def __init__(self, database: Database[Document], master_key: bytes, clock: Clock = utc_now) -> None:
        self._database = database
        self._master = Cipher(master_key)
        self._digest = settings().suite.digest
        self._tags = hmac.digest(master_key, b"tags", self._digest)
        self._clock = clock

    def ensure_indexes(self) -> None:
        """Make the collections (transactions make none) and the access log's index."""
        ensure_collections(self._database, ("private", "private_keys", "access_log"))
        self._database["access_log"].create_index([("person", 1), ("time", 1)])

    def seal(self, work: Work, person: str, kind: str, fields: dict[str, str]) -> None:
        """Keep a person's fields, whole and under a new key, as part of the command's transaction."""
        key = os.urandom(_KEY)
        sealed = Cipher(key).encrypt(orjson.dumps(fields), person)
        wrapped = self._master.encrypt(key, person)
        work.write("private_keys", pymongo.ReplaceOne({"_id": person}, {"_id": person, "key": wrapped}, upsert=True))
        work.write(
            "private",
            pymongo.ReplaceOne(
                {"_id": person}, {"_id": person, "kind": kind, "fields": sealed, "time": work.now}, upsert=True
            ),
        )

    def open(self, person: str, *, actor: str, reason: str) -> dict[str, str]:
        """A person's fields in clear; who looked, when and why is written down first.

        Raises:
            DomainError: nothing is kept of this person, or it has been erased, or no reason is given.
        """
        if not reason.strip():
            raise DomainError("access.reason_missing", "查看未脱敏信息须填写事由", "invalid")
        fields = self.read(person)
        self._database["access_log"].insert_one(
            {"person": person, "actor": actor, "reason": reason, "time": self._clock()}
        )
        metrics.UNMASKED_LOOKS.labels(self._database.name).inc()
        return fields

    def read(self, person: str) -> dict[str, str]:
        """A person's fields for masking or for comparing; nothing of it may leave the service.

        Raises:
            DomainError: nothing is kept of this person, or it has been erased.
        """
        found = self.read_many([person]).get(person)
        if found is None:
            raise DomainError("private.erased", "没有保存或已删除该项个人信息", "not_found")
        return found

    def read_many(self, persons: Iterable[str]) -> dict[str, dict[str, str]]:
        """The same of many at once, without those of whom nothing is kept."""
        wanted = {"_id": {"$in": list(persons)}}
        keys = {row["_id"]: row["key"] for row in self._database["private_keys"].find(wanted)}
        found: dict[str, dict[str, str]] = {}
        for sealed in self._database["private"].find(wanted):
            person = sealed["_id"]
            if person in keys:
                opened = Cipher(self._master.decrypt(keys[person], person)).decrypt(sealed["fields"], person)
                found[person] = orjson.loads(opened)
        return found

    def open_many(self, persons: Iterable[str], *, actor: str, reason: str) -> dict[str, dict[str, str]]:
        """Many persons' fields in clear; that each of them was looked at is written down first.

        Raises:
            DomainError: no reason is given.
        """
        if not reason.strip():
            raise DomainError("access.reason_missing", "查看未脱敏信息须填写事由", "invalid")
        found = self.read_many(persons)
        if found:
            told = {"actor": actor, "reason": reason, "time": self._clock()}
            self._database["access_log"].insert_many([{"person": person, **told} for person in found])
            metrics.UNMASKED_LOOKS.labels(self._database.name).inc(len(found))
        return found

    def tag(self, text: str) -> bytes:
        """A keyed hash by which equal texts are found without opening any."""
        return hmac.digest(self._tags, text.encode(), self._digest)


def mask_phone(phone: str) -> str:
    """A number with its middle hidden; a short one is hidden whole."""
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)
