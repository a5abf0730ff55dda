"""After the faults: is everything acknowledged there, once, and nothing that nobody asked for?"""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient

from services.cli.verify import AGGREGATES
from services.kernel.chain import verify
from services.kernel.journal import Journal, open_database
from services.kernel.vault import Cipher

from .ledger import Ledger

QUEUE = "gateway.projection"


class Checker:
    """Looks into the platform's databases, which nobody changes any more."""

    def __init__(self, client: MongoClient[dict[str, Any]], prefix: str, chain_key: bytes, master_key: bytes) -> None:
        self._databases = {name: open_database(client, f"{prefix}_{name}") for name in AGGREGATES}
        self._chain_key = chain_key
        self._cipher = Cipher(master_key)

    def drained(self) -> bool:
        """Nothing is unpublished, nothing waits to be retried, and every published event has its fact."""
        gateway = self._databases["gateway"]
        if gateway["held"].count_documents({"sort": "retry"}):
            return False
        published = 0
        for database in self._databases.values():
            if database["journal"].count_documents({"published": False}):
                return False
            published += database["journal"].count_documents({})
        return (
            gateway["facts"].count_documents({}) + gateway["held"].count_documents({"event": {"$ne": None}})
            >= published
        )

    def findings(self, ledger: Ledger, planted: list[bytes]) -> list[str]:
        """Everything that is not as it must be; empty where nothing was lost and nothing doubled."""
        return [
            *self._ledger(ledger),
            *self._facts(),
            *self._figures(),
            *self._held(planted),
            *self._chains(),
            *[f"refused: {refusal}" for refusal in ledger.refusals],
        ]

    def _ledger(self, ledger: Ledger) -> list[str]:
        """Acknowledged ⊆ effects ⊆ asked, and each effect has exactly its events."""
        found = []
        study = self._databases["study"]
        effects: dict[str, dict[str, Any]] = {}
        for session in study["sessions"].find():
            if session["number"] in effects:
                found.append(f"doubled: session {session['number']}")
            effects[session["number"]] = session
        asked = {entry.number: entry for entry in ledger.asked}
        found += [f"nobody asked for session {number}" for number in effects.keys() - asked.keys()]
        for number, entry in asked.items():
            effect = effects.get(number)
            if effect is None:
                if entry.id is not None:
                    found.append(f"lost: session {number} was acknowledged")
                continue
            if entry.submitted and effect["state"] not in ("submitted", "void"):
                found.append(f"lost: the report of session {number} was acknowledged")
            if entry.voided and effect["state"] != "void":
                found.append(f"lost: session {number} was acknowledged to be taken back")
            if effect["state"] == "void" and not entry.asked_void:
                found.append(f"nobody asked to take session {number} back")
            kinds = [entry["type"] for entry in study["journal"].find({"aggregate": effect["_id"]}, sort=[("n", 1)])]
            wanted = ["session.held.v1", "session.submitted.v1", "session.voided.v1"][: len(kinds)]
            if kinds != wanted or effect["version"] != len(kinds):
                found.append(f"session {number} has the events {kinds} at version {effect['version']}")
        return found

    def _facts(self) -> list[str]:
        """Each (event, subscriber) took effect once."""
        gateway = self._databases["gateway"]
        found = []
        for name, database in self._databases.items():
            entries = {entry["_id"] for entry in database["journal"].find({}, {"_id": 1})}
            facts = {fact["_id"] for fact in gateway["facts"].find({"service": name}, {"_id": 1})}
            found += [f"lost: {name} event {id} has no fact" for id in sorted(entries - facts)[:5]]
            found += [f"{name} fact {id} has no event" for id in sorted(facts - entries)[:5]]
        return found

    def _figures(self) -> list[str]:
        """The province's roll-ups are what the sessions say."""
        submitted = list(self._databases["study"]["sessions"].find({"state": "submitted"}))
        wanted = {"study:sessions:branch": len(submitted), "study:attendance:due": sum(row["due"] for row in submitted)}
        sums = dict.fromkeys(wanted, 0)
        for rollup in self._databases["gateway"]["rollups"].find({"unit": "P000"}):
            for key in sums:
                sums[key] += rollup["sum"].get(key, 0)
        return [f"{key} is {sums[key]}, the records say {count}" for key, count in wanted.items() if sums[key] != count]

    def _held(self, planted: list[bytes]) -> list[str]:
        """What is parked is the poison that was planted, each once, and nothing else."""
        held = list(self._databases["gateway"]["held"].find({"queue": QUEUE}))
        bodies = sorted(self._cipher.decrypt(row["body"], row["_id"]) for row in held)
        found = [] if bodies == sorted(planted) else [f"parked: {len(bodies)} messages, planted: {len(planted)}"]
        return found + [f"held for {row['sort']}: {row['reason']}" for row in held if row["sort"] != "parked"]

    def _chains(self) -> list[str]:
        found = []
        for name, database in self._databases.items():
            journal = Journal(database, service=name, site="province", chain_key=self._chain_key)
            found += [f"{name} {finding}" for finding in verify(journal, AGGREGATES[name])[1]]
        return found
