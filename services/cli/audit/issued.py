"""What was kept when reports were issued is what the journal says, and with the corrections since what is so now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.gateway.projection import METRICS, key
from services.gateway.store.corrections import Days, affects
from services.gateway.store.issues import ISSUED, digest, figures
from services.gateway.store.period import Span
from services.gateway.store.tree import CHANGES
from services.kernel.journal.store import Document
from services.kernel.message.event import Period


def differences(
    database: Database[Document], rollups: str, campaigns: Iterable[Period], session: ClientSession
) -> tuple[int, list[str]]:
    """How many issued reports were compared at one instant, and a line for each that does not agree.

    Where the tree of a report's days was changed after it was issued, corrections do not say all of what differs: then
    its figures are only compared with the journal.
    """
    known, compared, wrong = list(campaigns), 0, []
    for report in database["reports"].find({}, session=session):
        compared += 1
        name = f"印发的报告 {report['number']}（{report['unit']}）"
        rows = list(database[ISSUED].find({"report": report["_id"]}, session=session).sort("place", 1))
        entry = database["journal"].find_one({"aggregate": report["_id"], "n": 1}, session=session)
        if entry is None or digest(rows) != entry["data"]["digest"]:
            wrong.append(f"{name}：留存的数与流水所载的摘要不一致")
            continue
        days = (report["first"], report["last"])
        changed = {"at": {"$gte": rows[0]["at"]}, "scope": report["unit"], "day": {"$gte": days[0], "$lte": days[1]}}
        if database[CHANGES].find_one(changed, session=session) is None:
            wrong += [f"{name}：{line}" for line in _unequal(database, rollups, rows, days, known, session)]
    return compared, wrong


def _unequal(
    database: Database[Document],
    rollups: str,
    rows: list[Document],
    days: Days,
    campaigns: list[Period],
    session: ClientSession,
) -> list[str]:
    span = Span(date.fromisoformat(days[0]), date.fromisoformat(days[1]))
    windows = span.windows(campaigns)
    now = figures(database, rollups, [row["unit"] for row in rows], span, session)
    since: dict[str, Counter[str]] = {row["unit"]: Counter() for row in rows}
    for correction in database["corrections"].find({"batch": {"$gt": rows[0]["batch"]}}, session=session):
        for entry in correction["entries"]:
            if affects(entry["m"], entry["d"], days):
                for unit in since.keys() & set(entry["path"]):
                    since[unit][entry["m"]] += entry["n"]
    wrong = []
    for row in rows:
        unit, kept = row["unit"], row["figures"]
        differ = [
            id
            for id, metric in METRICS.items()
            if id in kept
            and kept[id][0] is not None
            and kept[id][0] + since[unit][key(id, metric.window(windows))] != now[unit][id]["value"]
        ]
        if differ:
            wrong.append(f"{unit} 印发时的数加更正与现在的汇总不一致（{'、'.join(differ[:5])}）")
    return wrong
