"""From the journal to the figures, exactly once, against the slowest of its parts alone, and beside its peers."""

from __future__ import annotations

from functools import partial
from typing import Any

from pymongo import MongoClient

from services.kernel.journal.store import Document

from .measured import at_least, interleaved, write
from .parts import EVENTS, PEER_EVENTS, Parts
from .peers.runs import PEERS

GOALS = {300: 0.8, 150_000: 0.7}
ROUNDS = 3


def test_journal_to_figures(mongo_client: MongoClient[Document], mongo: str, vhost: str, database: str) -> None:
    """Every event is a fact once, however it came there; how many a second, and how near the slowest part alone."""
    told = {}
    for units, goal in GOALS.items():
        parts = Parts(mongo_client, database, vhost, mongo, units)
        works = {"publish": parts.publish, "raw_consume": parts.consume, "bare_projection": parts.project}
        peers = {peer.name: partial(parts.peer, peer) for peer in PEERS}
        told[f"units_{units}"] = _told(interleaved(ROUNDS, {**works, "whole": parts.whole, **peers}), goal)
    write("bus", {"levels": 5, "events": EVENTS, "events_of_peers": PEER_EVENTS, **told})


def _told(rates: dict[str, float], goal: float) -> dict[str, Any]:
    ours, limits = rates["whole"], ("publish", "raw_consume", "bare_projection")
    ratio = ours / min(rates[limit] for limit in limits)
    return {
        "events_per_s": ours,
        "ratio_to_limit": ratio,
        **at_least(ratio, goal),
        **{f"{limit}_per_s": rates[limit] for limit in limits},
        "peers": {
            peer.name: {
                "events_per_s": rates[peer.name],
                "ours_times": ours / rates[peer.name],
                "settings": peer.settings,
            }
            for peer in PEERS
        },
    }
