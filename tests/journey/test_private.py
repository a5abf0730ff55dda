"""Callers stay hidden: in no collection of any service does a caller's name, number or text stand in clear."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
import xlsxwriter

from services.hotline.contract import SHEETS
from services.kernel.sheets.sheet import XLSX
from tests.eventually import PATIENCE
from tests.journey.province import Province

SECRETS = ("样例·隐姓埋名", "00000098765", "只有坐席能看到的原话")
ROW = {
    "number": "MS-1",
    "unit": "P000",
    "channel": "电话",
    "kind": "求助",
    "category": "住房",
    "title": "请求解决供暖问题",
    "text": SECRETS[2],
    "caller_name": SECRETS[0],
    "caller_phone": SECRETS[1],
    "received": "2026-04-08 09:00",
}


def sheet(**fields: str) -> bytes:
    """工单历史台账 with one ticket."""
    out, described = io.BytesIO(), SHEETS["tickets"]
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet(described.title)
        for place, column in enumerate(described.columns):
            page.write(0, place, column.header)
            page.write(1, place, {**ROW, **fields}.get(column.key, ""))
    return out.getvalue()


def in_clear(province: Province) -> list[str]:
    """Collections of the platform in which a secret stands."""
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    found = []
    for name in province.databases.list_database_names():
        if name.startswith(f"{prefix}_"):
            for collection in province.databases[name].list_collection_names():
                for document in province.databases[name][collection].find():
                    raw = bson.encode(document)
                    found += [f"{name}.{collection}" for secret in SECRETS if secret.encode() in raw]
    return found


def send(province: Province, data: bytes) -> Any:
    files = {"file": ("工单.xlsx", data, XLSX)}
    return province.as_user("supervisor").post("/hotline/imports", data={"kind": "tickets"}, files=files)


@pytest.mark.row("L3", "L4", "H1")
def test_a_callers_words_are_nowhere_in_clear(province: Province) -> None:
    """Refused, imported, masked, opened with a reason: what is stored is encrypted, and the look is written down."""
    refused = send(province, sheet(answered="2026-01-01"))
    assert refused.status_code == 422
    assert not any(secret in refused.text for secret in SECRETS)
    supervisor = province.as_user("supervisor")
    state = send(province, sheet()).json()
    until = time.monotonic() + PATIENCE
    while state["state"] != "applied" and time.monotonic() < until:
        time.sleep(0.1)
        state = supervisor.get(f"/hotline/imports/{state['id']}").json()
    assert (state["state"], state["applied"]) == ("applied", 1)
    province.settled(datetime.now(UTC))
    assert in_clear(province) == []
    [ticket] = [each for each in supervisor.get("/hotline/tickets").json()["items"] if each["number"] == "MS-1"]
    shown = supervisor.get(f"/hotline/tickets/{ticket['id']}")
    assert not any(secret in shown.text for secret in SECRETS)
    opened = supervisor.get(f"/hotline/tickets/{ticket['id']}/caller", params={"reason": "核对"}).json()
    assert (opened["caller_name"], opened["caller_phone"], opened["text"]) == SECRETS
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    looks = list(province.databases[f"{prefix}_hotline"]["access_log"].find({"person": ticket["id"]}))
    assert [(look["actor"], look["reason"]) for look in looks] == [("supervisor", "核对")]
    supervisor.post(f"/hotline/tickets/{ticket['id']}/voids", json={"reason": "测试结束"}).raise_for_status()
