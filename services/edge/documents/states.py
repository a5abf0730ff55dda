"""Who has submitted which month, as a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from services.organisation.contract import SUBMISSION_STATES, SubmissionState

_HEADS = (
    ("月份", 10),
    ("单位编码", 16),
    ("单位", 34),
    ("状态", 10),
    ("时限", 12),
    ("首次上报", 12),
    ("是否逾期", 10),
    ("说明", 60),
    ("退回或免报事由", 40),
)


def states_workbook(rows: Sequence[dict[str, Any]]) -> bytes:
    """One row a submission: unit, month, state, due day, first confirmation, remarks, reason."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"font_name": "宋体", "bold": True, "border": 1, "bg_color": "#F3E3E1"})
        text = book.add_format({"font_name": "宋体", "border": 1, "text_wrap": True, "valign": "vcenter"})
        page = book.add_worksheet("上报情况")
        page.freeze_panes(1, 0)
        for place, (name, width) in enumerate(_HEADS):
            page.set_column(place, place, width)
            page.write_string(0, place, name, head)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(_cells(row)):
                page.write_string(number, place, cell, text)
    return out.getvalue()


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["month"],
        row["unit"],
        row["unit_name"],
        SUBMISSION_STATES[SubmissionState(row["state"])],
        row["due"] or (f"待录入 {row['waits_for']} 年工作日历后确定" if row.get("waits_for") else "不设时限"),
        row["on"] or "",
        "逾期" if row["late"] else "",
        "；".join(remark["text"] for remark in row["remarks"]),
        row["reason"] or "",
    ]
