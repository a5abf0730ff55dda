"""Plans, notices and receipts in words: the lines of their pages that no other kind of record has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.study.contract import DUTY_NAMES, EACH_NAMES, LAPSES, Each

from ..documents import show

KINDS = ("plan", "notice", "receipt", "branch_plan")
STANDINGS = {"behind": "落后", "on_time": "按期推进", "complete": "已完成", "unacknowledged": LAPSES["unacknowledged"]}
_ABOUT = {"plan": "学习计划", "notice": "通知单"}
_DONE = {"record": "已完成（由记录勾选）", "hand": "已完成（手工勾选）"}


def owed_lines(kind: str, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The lines that follow a record's common ones."""
    if kind == "plan":
        yield "计划期", f"{record['first']} 至 {record['last']}"
        for asked in record["requirements"]:
            each, name = EACH_NAMES[Each(asked["each"])], DUTY_NAMES[asked["kind"]]
            yield "事项", f"{name}，{each} {asked['number']} 次 {asked['note']}".strip()
    else:
        yield from ((item["title"], _item(kind, item)) for item in record["items"])
    if kind in ("plan", "notice"):
        yield from _issued(record)
    elif kind == "receipt":
        read = "" if not record["acknowledged"] else show.day(record["acknowledged_on"])
        yield "签收", f"第 {record['acknowledged']} 版，{read}" if read else "未签收"
        for edition in record["editions_since"]:
            yield f"第 {edition['edition']} 版变更", "；".join(edition["changes"])
    else:
        yield "手工填写", f"{record['typed']} 项；由通知单带入 {record['given']} 项"


def _issued(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What plans and notices have in common: materials, editions, how far they were sent."""
    for material in record["materials"]:
        yield "学习资料", f"《{material['title']}》"
    for edition in record["editions"]:
        changes = "；".join(edition["changes"]) or "首次下发"
        yield f"第 {edition['edition']} 版", f"{show.day(edition['day'])} {edition['reason']} {changes}"
    if record["distribution"] is not None:
        state = "已全部送达" if record["distribution"]["state"] == "done" else "正在送达"
        yield "送达", f"{state}，{record['distribution']['units']:,} 个单位"


def _item(kind: str, item: dict[str, Any]) -> str:
    told = [item["text"]] if item["text"] else []
    if item.get("due"):
        told.append(f"{show.day(item['due'])}前")
    if kind == "branch_plan":
        told += [show.day(item["day"])] if item["day"] else []
        told += [item[name] for name in ("place", "host_post") if item[name]]
    if kind != "notice":
        told.append(_DONE.get(item["done"] or "", "未完成"))
        told += [f"{record['day']}《{record['title']}》" for record in item["records"]]
        told += [item["note"]] if item.get("note") else []
    return "，".join(told)


def ways_on(kind: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a record's page leads: texts and addresses."""
    id = record["id"]
    papers = {"notice": "notices", "receipt": "receipts"}
    found = []
    if kind in papers:
        found += [
            ("打印页", f"/records/{kind}/{id}/paper"),
            ("下载 Word", f"/api/v1/study/{papers[kind]}/{id}/document.docx"),
        ]
    if kind in ("plan", "notice") and record["state"] == "issued":
        found.append(("进度与督学", f"/standings/{kind}/{id}"))
    if kind == "reminder":
        found.append((_ABOUT[record["about"]], f"/records/{record['about']}/{record['source']}"))
    if kind == "receipt":
        found.append(("通知单", f"/records/notice/{record['notice']}"))
    if kind == "branch_plan":
        found.append(("通知单回执", f"/records/receipt/{record['receipt']}"))
    return found
