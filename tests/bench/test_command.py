"""A command from POST to acknowledged, against the same transaction made directly by as many callers."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

from pymongo import MongoClient

from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, ensure_collections, in_transaction, open_database
from services.kernel.message.event import new_id
from services.study import store
from tests.journey.province import Province

from .callers import Work, called, percentiles, timed
from .line import Line
from .measured import at_least, interleaved, write

ROUNDS, GOAL = 5, 0.25
BODY = {"unit": "P000", "day": "2026-03-05", "way": "branch", "form": "theme_day", "title": "演练", "due": 20}


def test_post_to_acknowledged(province: Province, mongo_client: MongoClient[Document], database: str) -> None:
    """Latency and throughput of recording a session over HTTP; the bare transaction beside it in the same run."""
    post = partial(posting, province)
    post(time.perf_counter() + 1.0)
    bare = partial(transacting, *same_transaction(province, mongo_client, database))
    write("command", {f"callers_{callers}": compared(callers, post, bare) for callers in (1, 32)})


def compared(callers: int, post: Work, bare: Work) -> dict[str, float | bool]:
    """Both in turn, by as many callers."""
    latencies: list[float] = []
    found = interleaved(
        ROUNDS, {"per_s": partial(called, post, callers, latencies), "bare_per_s": partial(called, bare, callers, [])}
    )
    ratio = found["per_s"] / found["bare_per_s"]
    return {**percentiles(latencies), **found, "ratio_to_bare": ratio, **at_least(ratio, GOAL)}


def posting(province: Province, until: float) -> list[float]:
    """Record sessions over one connection."""
    body = json.dumps(BODY).encode()
    headers = {"Authorization": province.as_user("office").headers["Authorization"], "Content-Type": "application/json"}
    with Line(province.platform.url, headers) as line:
        return timed(lambda: line.ask("POST", "/api/v1/study/sessions", body, Idempotency_Key=new_id()), until)


def same_transaction(
    province: Province, client: MongoClient[Document], name: str
) -> tuple[Journal, Document, Document, Document]:
    """A database of our own with the study service's collections and indexes, and what a command leaves in them."""
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    study = open_database(client, f"{prefix}_study")
    row = study["commands"].find_one({"command": "HoldSession"})
    assert row is not None
    record = study["sessions"].find_one({"_id": row["answer"]["id"]})
    entry = study["journal"].find_one({"aggregate": row["answer"]["id"]})
    assert record is not None
    assert entry is not None
    ours = Journal(open_database(client, name), service="study", site="bench", chain_key=bytes(32))
    ours.ensure_indexes()
    ensure_collections(ours.database, ("sessions", "essays", "lectures", "coverages"))
    store.ensure_indexes(ours.database)
    return ours, row, record, {**entry, "published": False}


def transacting(ours: Journal, row: Document, record: Document, entry: Document, until: float) -> list[float]:
    """The statements of the service's transaction and nothing else."""
    database = ours.database

    def act(session: Any) -> None:
        id = new_id()
        database["sessions"].find_one({"_id": id}, session=session)
        database["commands"].insert_one({**row, "_id": f"office\x1f{new_id()}"}, session=session)
        database["sessions"].insert_one({**record, "_id": id}, session=session)
        database["journal"].insert_one({**entry, "_id": new_id(), "aggregate": id}, session=session)

    return timed(lambda: in_transaction(database, act, 4.0), until)
