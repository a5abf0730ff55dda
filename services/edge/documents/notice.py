"""The organisation-life notice as it is read: one content for the page and for Word; for a branch with what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from . import show
from .official import Official

_DONE = {"record": "已完成（记录）", "hand": "已完成（勾选）", None: "未完成"}


@dataclass(frozen=True)
class Line:
    """An item: what, by when, and for a branch whether it is done."""

    title: str
    text: str
    due: str
    done: str | None


@dataclass(frozen=True)
class Paper:
    """A notice in words."""

    title: str
    to: str
    opening: str
    lines: tuple[Line, ...]
    materials: tuple[str, ...]
    note: str
    changes: tuple[str, ...]
    by: str
    day: str


def paper(notice: dict[str, Any], names: Mapping[str, str], receipt: dict[str, Any] | None = None) -> Paper:
    """The notice for its audience, or for the unit of a receipt; `names` are the units'."""
    year, month = notice["month"].split("-")
    editions = notice["editions"]
    items = notice["items"] if receipt is None else receipt["items"]
    to = "、".join(names.get(unit, unit) for unit in notice["units"]) + "所属各党支部"
    last = editions[-1] if editions else None
    return Paper(
        title=notice["title"],
        to=to if receipt is None else names.get(receipt["unit"], receipt["unit"]),
        opening=f"根据学习计划，现将{year}年{int(month)}月组织生活有关事项通知如下，请按时完成。",
        lines=tuple(
            Line(
                item["title"],
                item["text"],
                show.day(item["due"] or _end(notice["month"])),
                None if receipt is None else _DONE[item["done"]],
            )
            for item in items
        ),
        materials=tuple(f"《{material['title']}》" for material in notice["materials"]),
        note=notice["note"],
        changes=tuple(last["changes"]) if last is not None else (),
        by=names.get(notice["unit"], notice["unit"]),
        day=show.day(last["day"]) if last is not None else "（草稿，尚未下发）",
    )


def _end(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date.fromordinal(date(year + number // 12, number % 12 + 1, 1).toordinal() - 1)


def notice_docx(told: Paper) -> bytes:
    """The notice as a Word file."""
    made = Official(told.title)
    made.to(told.to)
    made.text(told.opening)
    made.heading("事项")
    for_branch = any(line.done is not None for line in told.lines)
    heads = ["序号", "事项", "时限", *(["完成情况"] if for_branch else ["要求"])]
    rows = [
        [
            str(number),
            line.title if not for_branch or not line.text else f"{line.title}：{line.text}",
            line.due,
            line.text if line.done is None else line.done,
        ]
        for number, line in enumerate(told.lines, start=1)
    ]
    made.table(heads, rows, (14, 66, 38, 38))
    if told.materials:
        made.heading("学习资料")
        made.text("、".join(told.materials))
    if told.note:
        made.heading("说明")
        for line in told.note.splitlines():
            made.text(line)
    if told.changes:
        made.heading("本版变更")
        for change in told.changes:
            made.text(change)
    made.signed(told.by, told.day)
    return made.file()
