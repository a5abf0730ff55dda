"""After the faults: is everything acknowledged there, once, and nothing that nobody asked for?"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from services.cli.verify import AGGREGATES
from services.gateway.store.generation import current
from services.kernel.journal.chain import verify
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import open_database
from services.kernel.journal.vault import Cipher

from .ledger import Ledger


class Checker:
    """Looks into the platform's databases, which nobody changes any more."""

    def __init__(self, client: MongoClient[dict[str, Any]], prefix: str, chain_key: bytes, master_key: bytes) -> None:
        self._databases = {name: open_database(client, f"{prefix}_{name}") for name in AGGREGATES}
        self._chain_key = chain_key
        self._cipher = Cipher(master_key)

    def drained(self) -> bool:
        """Nothing is unpublished, nothing waits to be retried, and every published event has its fact."""
        facts = self._current_facts()
        for name, database in self._databases.items():
            if database["held"].count_documents({"sort": {"$nin": ["parked", "dropped"]}}):
                return False
            if database["journal"].count_documents({"published": False}):
                return False
            if facts.count_documents({"service": name}) < database["journal"].count_documents({}):
                return False
            if any(self._lacking(database, queue) for queue in self._ordered(database)):
                return False
        return True

    def findings(self, ledger: Ledger, planted: list[bytes]) -> list[str]:
        """Everything that is not as it must be; empty where nothing was lost and nothing doubled."""
        return [
            *self._ledger(ledger),
            *self._tickets(ledger),
            *self._facts(),
            *self._taken(),
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

    def _tickets(self, ledger: Ledger) -> list[str]:
        """The same for tickets; that one is overdue the platform says by itself, once."""
        found = []
        hotline = self._databases["hotline"]
        effects: dict[str, dict[str, Any]] = {}
        for ticket in hotline["tickets"].find():
            if ticket["number"] in effects:
                found.append(f"doubled: ticket {ticket['number']}")
            effects[ticket["number"]] = ticket
        asked = {entry.number: entry for entry in ledger.tickets}
        found += [f"nobody asked for ticket {number}" for number in effects.keys() - asked.keys()]
        for number, entry in asked.items():
            effect = effects.get(number, {"_id": None, "version": 0})
            kinds = [row["type"] for row in hotline["journal"].find({"aggregate": effect["_id"]}, sort=[("n", 1)])]
            told = [kind for kind in kinds if kind != "ticket.overdue.v1"]
            if len(told) < entry.acknowledged:
                found.append(f"lost: ticket {number} was acknowledged to be at {entry.asked[: entry.acknowledged]}")
            if told != entry.asked[: len(told)] or len(kinds) - len(told) > 1 or effect["version"] != len(kinds):
                found.append(f"ticket {number} has the events {kinds} at version {effect['version']}")
        return found

    def _facts(self) -> list[str]:
        """Each (event, subscriber) took effect once."""
        found = []
        for name, database in self._databases.items():
            entries = {entry["_id"] for entry in database["journal"].find({}, {"_id": 1})}
            facts = {fact["_id"] for fact in self._current_facts().find({"service": name}, {"_id": 1})}
            found += [f"lost: {name} event {id} has no fact" for id in sorted(entries - facts)[:5]]
            found += [f"{name} fact {id} has no event" for id in sorted(facts - entries)[:5]]
        return found

    def _current_facts(self) -> Collection[dict[str, Any]]:
        """Those that are read now."""
        gateway = self._databases["gateway"]
        return gateway[current(gateway).facts]

    def _taken(self) -> list[str]:
        """The same for subscribers that keep an inbox: of the kinds that they take, each event once or parked."""
        found = []
        for name, database in self._databases.items():
            for queue in self._ordered(database):
                found += [f"lost: {queue} did not take {id}" for id in sorted(self._lacking(database, queue))[:5]]
            for row in database["inbox"].find({}, {"event": 1, "service": 1}):
                if not self._databases[row["service"]]["journal"].count_documents({"_id": row["event"]}):
                    found.append(f"{name} took {row['event']}, which is in no journal")
        return found

    def _ordered(self, database: Database[dict[str, Any]]) -> set[str]:
        """The queues of a service that keep an inbox."""
        return {str(id).partition("\x1f")[0] for id in database["inbox"].distinct("_id")}

    def _lacking(self, database: Database[dict[str, Any]], queue: str) -> set[str]:
        """Events of the kinds that a queue takes which it has neither taken nor parked."""
        rows = list(database["inbox"].find({"_id": {"$regex": f"^{re.escape(queue)}\x1f"}}))
        taken = {row["event"] for row in rows} | set(database["held"].distinct("event", {"queue": queue}))
        told: set[str] = set()
        for service, kind in {(row["service"], row["type"]) for row in rows}:
            told |= set(self._databases[service]["journal"].distinct("_id", {"type": kind}))
        return told - taken

    def _figures(self) -> list[str]:
        """The province's roll-ups are what the sessions say."""
        submitted = list(self._databases["study"]["sessions"].find({"state": "submitted"}))
        wanted = {
            "study:sessions:branch": len(submitted),
            "study:attendance:due": sum(row["due"] for row in submitted),
            "hotline:tickets": self._databases["hotline"]["tickets"].count_documents({"state": {"$ne": "void"}}),
        }
        sums = dict.fromkeys(wanted, 0)
        gateway = self._databases["gateway"]
        for rollup in gateway[current(gateway).rollups].find({"unit": "P000"}):
            for key in sums:
                sums[key] += rollup.get("sum", {}).get(key, 0)
        return [f"{key} is {sums[key]}, the records say {count}" for key, count in wanted.items() if sums[key] != count]

    def _held(self, planted: list[bytes]) -> list[str]:
        """What is parked, anywhere, is the poison that was planted, each once, and nothing else is held."""
        held = [row for database in self._databases.values() for row in database["held"].find()]
        bodies = Counter(self._cipher.decrypt(row["body"], row["_id"]) for row in held if "body" in row)
        wanted = Counter(planted)
        return [
            *(f"lost: planted and not parked: {body[:80]!r}" for body in wanted - bodies),
            *(f"parked and not planted: {body[:80]!r}" for body in bodies - wanted),
            *(f"held for {row['sort']}: {row['reason']}" for row in held if row["sort"] != "parked"),
        ]

    def _chains(self) -> list[str]:
        found = []
        for name, database in self._databases.items():
            journal = Journal(database, service=name, site="province", chain_key=self._chain_key)
            found += [f"{name} {finding}" for finding in verify(journal, AGGREGATES[name])[1]]
        return found
