"""An attendance sheet of 20,000 rows from upload to the last row recorded, against reading it and writing as much.

The bare work reads the same file and inserts in bulk every document that the sheet left in the store, into collections
with the indexes that they have there.
"""

from __future__ import annotations

import io
import itertools
import os
import time
from collections.abc import Iterator
from typing import Any

import python_calamine
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from rich.progress import Progress

from services.cli.client import Api
from services.cli.workbook import workbook
from services.kernel.journal.store import Document, ensure_collections, open_database
from tests.journey.province import PASSWORD, Province

from .measured import at_least, interleaved, write

ROWS = int(os.environ.get("SHENGZHI_BENCH_ROWS", "20000"))
GOAL, ROUNDS, SECONDS = 0.4, 3, 600
MEMBERS, NAMED, BRANCHES = 20, 10, 40
OUTCOMES = ("缺席", "公务", "病假")
WRITTEN = ("journal", "absences", "absence_changes")
_OPTIONS = ("unique", "partialFilterExpression")
UNIT = "D001"
Cells = dict[str, Any]


def test_attendance_sheet(province: Province, mongo_client: MongoClient[Document], database: str) -> None:
    """Rows a second, both ways in turn; each round gives other reasons for the same members."""
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    study, bare = (mongo_client[f"{prefix}_study"], open_database(mongo_client, database))
    with Api.signed_in(province.platform.url, "admin", PASSWORD) as api:
        _upload(api, "units", "units", list(_units()))
    with Api.signed_in(province.platform.url, "office", PASSWORD) as api:
        _upload(api, "members", "members", list(_members()))
        _upload(api, "study", "sessions", list(_sessions()))
        sheets = itertools.cycle(workbook({"attendance": list(_rows(outcome))}) for outcome in OUTCOMES)
        left: list[dict[str, list[Document]]] = []
        sent: list[bytes] = []

        def import_() -> float:
            before = {name: study[name].estimated_document_count() for name in WRITTEN}
            sent.append(next(sheets))
            started = time.perf_counter()
            with Progress(disable=False) as progress:
                task = progress.add_task("考勤表", total=ROWS)
                api.upload("study", "attendance", "考勤表.xlsx", sent[-1], lambda rows: progress.advance(task, rows))
            seconds = time.perf_counter() - started
            left.append(_left(study, before))
            return ROWS / seconds

        def alone() -> float:
            for name in left[-1]:
                bare[name].drop()
            ensure_collections(bare, left[-1])
            for name in left[-1]:
                _same_indexes(study[name], bare[name])
            started = time.perf_counter()
            _read(sent[-1])
            for name, documents in left[-1].items():
                for first in range(0, len(documents), 1_000):
                    bare[name].insert_many(documents[first : first + 1_000], ordered=False)
            return ROWS / (time.perf_counter() - started)

        rates = interleaved(ROUNDS, {"import": import_, "bare": alone})
    write(
        "import",
        {
            "rows": ROWS,
            "documents": sum(len(some) for some in left[-1].values()),
            "rows_per_s": rates["import"],
            "bare_rows_per_s": rates["bare"],
            "ratio_to_bare": rates["import"] / rates["bare"],
            **at_least(rates["import"] / rates["bare"], GOAL),
        },
    )


def _upload(api: Api, area: str, kind: str, rows: list[Cells]) -> None:
    assert api.upload(area, kind, f"{kind}.xlsx", workbook({kind: rows})).failures == []


def _same_indexes(there: Collection[Document], here: Collection[Document]) -> None:
    for name, index in there.index_information().items():
        if name != "_id_":
            here.create_index(index["key"], **{key: index[key] for key in _OPTIONS if key in index})


def _read(data: bytes) -> int:
    """As any reader of spreadsheets would."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return len(book.get_sheet_by_index(0).to_python())


def _left(study: Database[Document], before: dict[str, int]) -> dict[str, list[Document]]:
    """What an import left: new documents, and those of which each has one that was written anew."""
    found = {
        name: list(study[name].find().sort("_id", -1).limit(max(0, study[name].estimated_document_count() - count)))
        for name, count in before.items()
    }
    found["absences"] = list(study["absences"].find().limit(ROWS))
    for name in ("rolls", "sessions", "attendances", "studied"):
        found[name] = list(study[name].find({"unit": {"$regex": "^BENCH-"}} if name != "studied" else {}))
    return found


def _branch(number: int) -> str:
    return f"BENCH-{number:02d}"


def _units() -> Iterator[Cells]:
    for number in range(BRANCHES):
        told = {"name": f"示例第{number}党支部", "kind": "党支部", "parent": UNIT, "active_from": "2026-01-01"}
        yield {"id": _branch(number), **told}


def _members() -> Iterator[Cells]:
    for number in range(BRANCHES):
        for place in range(MEMBERS):
            id = f"DY-{_branch(number)}-{place:02d}"
            yield {"id": id, "name": f"样例·{place}", "unit": _branch(number), "since": "2026-01-01"}


def _sessions() -> Iterator[Cells]:
    for number in range(ROWS // NAMED):
        day = f"2026-{2 + number // BRANCHES % 9:02d}-{1 + number // BRANCHES // 9 % 28:02d}"
        told = {"title": "党日", "way": "研学", "form": "主题党日"}
        yield {"number": f"KQ-{number:05d}", "unit": _branch(number % BRANCHES), "day": day, **told}


def _rows(outcome: str) -> Iterator[Cells]:
    for number in range(ROWS // NAMED):
        branch = _branch(number % BRANCHES)
        for place in range(NAMED):
            member = f"DY-{branch}-{place:02d}"
            yield {"session": f"KQ-{number:05d}", "unit": branch, "member": member, "outcome": outcome}
