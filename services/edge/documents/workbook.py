"""A report as a workbook: numbers as numbers, and a sheet that says where each of them opens."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import xlsxwriter

from . import show

Report = dict[str, Any]


def report_workbook(report: Report, catalogue: Sequence[dict[str, Any]], base_url: str | None = None) -> bytes:
    """The report in four sheets: 汇总, 下级单位, 指标说明, 依据 (addresses, where `base_url` is given)."""
    with _book(f"{report['unit_name']} 统计报告") as (book, out):
        formats = _formats(book)
        _summary(book, formats, report)
        _children(book, formats, report)
        _explained(book, formats, catalogue)
        _sources(book, formats, report, base_url)
    return out.getvalue()


def catalogue_workbook(catalogue: Sequence[dict[str, Any]]) -> bytes:
    """The catalogue of figures in one sheet."""
    with _book("指标目录") as (book, out):
        _explained(book, _formats(book), catalogue)
    return out.getvalue()


def records_workbook(found: dict[str, Any]) -> bytes:
    """The records behind a figure in one sheet, with their sum: the figure."""
    heads = ["日期", "内容", "单位编码", "单位", "记录标识", "计数"]
    with _book(f"{found['name']}依据") as (book, out):
        formats = _formats(book)
        page = _page(book, "依据", found, heads, (12, 50, 16, 30, 40, 10), 2)
        page.write(0, 0, f"{found['unit_name']} {found['name']} 依据", formats["title"])
        page.write(1, 0, f"数据截至：{show.instant(found['as_of'])}（北京时间）", formats["note"])
        page.write_row(2, 0, heads, formats["head"])
        row = 2
        for row, record in enumerate(found["items"], start=3):
            title = show.title(record)
            told = [record["day"], title, *(record[name] or "" for name in ("unit", "unit_name", "record"))]
            for place, cell in enumerate(told):
                page.write_string(row, place, cell, formats["text"])
            _number(page, formats, row, 5, record["amount"], "flow")
        page.write_row(row + 1, 0, ["合计", "", "", "", ""], formats["head"])
        _number(page, formats, row + 1, 5, found["sum"], "flow")
    return out.getvalue()


@contextmanager
def _book(title: str) -> Iterator[tuple[Any, io.BytesIO]]:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": title, "created": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        yield book, out


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter", "border": 1}
    return {
        "title": book.add_format({"font_name": "宋体", "font_size": 16, "bold": True}),
        "note": book.add_format({"font_name": "宋体", "font_size": 10, "font_color": "#555555"}),
        "head": book.add_format({**base, "bold": True, "bg_color": "#F3E3E1", "text_wrap": True, "align": "center"}),
        "text": book.add_format({**base, "text_wrap": True}),
        "count": book.add_format({**base, "num_format": "#,##0"}),
        **{f"rate{places}": book.add_format({**base, "num_format": f"0.{'0' * places}%"}) for places in range(1, 5)},
        "none": book.add_format({**base, "align": "right", "font_color": "#777777"}),
    }


def _page(book: Any, name: str, report: Report | None, heads: Sequence[str], widths: Sequence[int], first: int) -> Any:
    page = book.add_worksheet(name)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(first)
    page.freeze_panes(first + 1, 1)
    page.set_footer("&C第 &P 页，共 &N 页")
    for place, width in enumerate(widths):
        page.set_column(place, place, width)
    if report is not None:
        period = f"{report['period']['from']} 至 {report['period']['to']}"
        page.set_header(f"&L{report['unit_name']}&C{name}&R{period}")
    return page


def _number(page: Any, formats: dict[str, Any], row: int, place: int, value: float | None, sort: str) -> None:
    if value is None:
        page.write_string(row, place, "—", formats["none"])
    else:
        page.write_number(row, place, value, formats[f"rate{show.digits(value)}" if sort == "rate" else "count"])


def _summary(book: Any, formats: dict[str, Any], report: Report) -> None:
    heads = ["指标", "计量单位", "本期", "上期", "上年同期", "说明"]
    page = _page(book, "汇总", report, heads, (26, 10, 14, 14, 14, 30), 3)
    page.write(0, 0, f"{report['unit_name']} 统计报告", formats["title"])
    page.write(1, 0, f"期间：{report['period']['from']} 至 {report['period']['to']}", formats["note"])
    page.write(2, 0, f"数据截至：{show.instant(report['as_of'])}（北京时间）", formats["note"])
    page.write_row(3, 0, heads, formats["head"])
    for row, (id, detail) in enumerate(report["details"].items(), start=4):
        page.write(row, 0, detail["name"], formats["text"])
        page.write(row, 1, detail["unit_of_measure"], formats["text"])
        _number(page, formats, row, 2, detail["value"], detail["sort"])
        for place, name in ((3, "before"), (4, "year_before")):
            compared = report.get(name)
            value = None if compared is None else compared["figures"].get(id)
            _number(page, formats, row, place, value, detail["sort"])
        page.write(row, 5, show.reason(detail["reason"], id), formats["text"])


def _children(book: Any, formats: dict[str, Any], report: Report) -> None:
    details = report["details"]
    heads = ["单位", *(detail["name"] for detail in details.values())]
    page = _page(book, "下级单位", report, heads, (30, *[11] * len(details)), 0)
    page.write_row(0, 0, heads, formats["head"])
    for row, child in enumerate(report["children"], start=1):
        page.write(row, 0, child["name"], formats["text"])
        for place, (id, detail) in enumerate(details.items(), start=1):
            _number(page, formats, row, place, child["figures"][id], detail["sort"])


def _explained(book: Any, formats: dict[str, Any], catalogue: Sequence[dict[str, Any]]) -> None:
    heads = ["编码", "指标", "计量单位", "类型", "统计口径", "来源"]
    page = _page(book, "指标说明", None, heads, (32, 22, 10, 10, 46, 50), 0)
    page.write_row(0, 0, heads, formats["head"])
    for row, entry in enumerate(catalogue, start=1):
        told = [entry["id"], entry["name"], entry["unit_of_measure"], show.SORTS[entry["sort"]], entry["counts"]]
        page.write_row(row, 0, [*told, "、".join(entry["sources"])], formats["text"])


def _sources(book: Any, formats: dict[str, Any], report: Report, base_url: str | None) -> None:
    heads = ["指标", "本期", "打开依据"]
    page = _page(book, "依据", report, heads, (26, 14, 90), 0)
    page.write_row(0, 0, heads, formats["head"])
    for row, (id, detail) in enumerate(report["details"].items(), start=1):
        page.write(row, 0, detail["name"], formats["text"])
        _number(page, formats, row, 1, detail["value"], detail["sort"])
        if detail["sort"] == "rate":
            page.write(row, 2, "由上列指标计算，口径见“指标说明”", formats["text"])
        else:
            asked = urlencode({"unit": report["unit"], **report["period"]})
            page.write_string(row, 2, f"{base_url or ''}/figures/{id}/records?{asked}", formats["text"])
