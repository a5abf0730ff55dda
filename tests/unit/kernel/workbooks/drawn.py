"""Workbooks as hypothesis draws them: what people, programs and accidents make of a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as some

from .made import Book, Page, ods, ods_cell

COLUMNS = {"number": "编号", "name": "名称", "count": "缺席", "day": "日期", "month": "月份", "sure": "要求保密"}
TITLE = "台账"
FORMATS: dict[str | int, str] = {
    "General": "plain",
    "0": "plain",
    "@": "plain",
    "0_ ": "plain",
    "0%": "scaled",
    "0.00%": "scaled",
    9: "scaled",
    "0,": "scaled",
    "00000": "shown",
    "#,##0.00": "shown",
    '0"人"': "shown",
    3: "shown",
    '"m"0': "shown",
    "yyyy-mm-dd": "date",
    'yyyy"年"m"月"d"日"': "date",
    "[$-804]yyyy/m/d h:mm;@": "date",
    "mmm-yy": "date",
    14: "date",
    58: "date",
    "h:mm:ss": "time",
    20: "time",
    "[h]:mm": "duration",
}
"""What a number is in each format."""
_CODES = list(FORMATS)
_EMPTY = ("-", "")
_UNSEEN = ("", "", "", "\u200b", "\ufeff", "\u00ad", "\u202e", "\x7f")
_WORDS = (
    *("笔", "I1", "Ｉ１", "DS（2026）", "X-001", "#N/A", "#REF!", "Err:502", "5", "５", "5.0", "-1", "1000001", "2.5"),
    *(
        "2026-03-05",
        "2026年3月5日",
        "2026/3/5",
        "2026-02-30",
        "3-5",
        "2026-03",
        "2026年3月",
        "2026-13",
        "是",
        "否",
        "=1+1",
    ),
    *("true", " ", "a b", "a\nb", "_x0041_", "<&>", "字" * 41),
)
texts = some.builds(
    lambda word, unseen, before: f"{before}{word}{unseen}",
    some.sampled_from(_WORDS)
    | some.text(some.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=6),
    some.sampled_from(_UNSEEN),
    some.sampled_from(["", "", " ", "\u3000"]),
)
_NUMBERS = (
    "0 1 5 5.0 1000000 1000001 -1 1.5 0.25 46086 46082 46086.5 46209.83333912037 60 2958466 -5 123456789012345 "
    "1234567890123456 20260706000000012345 2.026070600000001E+19"
)
numbers = some.sampled_from(_NUMBERS.split())
headers = some.sampled_from(
    [*COLUMNS.values()] * 6
    + [*("缺 席", "缺\n席", "*缺席", "编号＊", "名\u200b称", "备注", "序号", "错误", "缺席人数", "电话", "", "日期 ")]
)
titles = some.sampled_from([TITLE, "Sheet1", "二月", "考勤表", "填写说明", "a'b"])


def _usual(draw: Callable[..., Any], often: int, usual: Any, other: Any) -> Any:
    """Mostly what is usual: a sheet of accidents alone is refused for the first of them."""
    return draw(other) if draw(some.integers(0, often)) == 0 else draw(usual)


def letters(column: int) -> str:
    return chr(64 + column)


def _good(key: str) -> some.SearchStrategy[tuple[str, str]]:
    """What belongs into a column, as text or number."""
    choices = {
        "number": [("t", "X-1"), ("t", "Ｘ－２"), ("n", "2026001")],
        "name": [("t", "三月 主题党日"), ("t", "笔"), ("n", "7")],
        "count": [("n", "5"), ("t", "5"), ("n", "0")],
        "day": [("d", "46086"), ("t", "2026-03-05"), ("t", "2026年3月5日")],
        "month": [("t", "2026-03"), ("d", "46082"), ("t", "2026年3月")],
        "sure": [("t", "是"), ("t", "否")],
    }
    return some.sampled_from(choices.get(key, [("t", "x")]))


@some.composite
def layouts(draw: Callable[..., Any]) -> dict[str, Any]:
    """A tab's headers, rows, merged areas and state, whatever format they will be written in."""
    keys = list(COLUMNS) if draw(some.booleans()) else draw(some.permutations(list(COLUMNS)))
    head = [_usual(draw, 14, some.just(COLUMNS[key]), headers) for key in keys]
    head += _usual(draw, 8, some.just([]), some.lists(headers, max_size=2))
    rows = []
    for _ in range(_usual(draw, 14, some.integers(1, 3), some.just(0))):
        row: list[tuple[str, Any]] = []
        for place in range(len(head)):
            good = _good(keys[place] if place < len(keys) else "")
            bad = some.tuples(some.just("t"), texts) | some.tuples(some.just("n"), numbers)
            bad |= some.sampled_from(
                [("b", "1"), ("e", "#N/A"), ("f", ""), ("f", "7"), ("s", ""), ("s", "文"), ("-", "")]
            )
            row.append(_usual(draw, 9, good, bad))
        rows.append(row)
    area = some.tuples(some.integers(1, 4), some.integers(1, 7), some.integers(0, 2), some.integers(0, 2))
    return {
        "head": head,
        "rows": rows,
        "merged": _usual(draw, 9, some.just([]), some.lists(area, min_size=1, max_size=2)),
        "hidden": draw(some.integers(0, 9)) == 0,
        "far": _usual(draw, 9, some.none(), some.sampled_from([("XFD1048576", "s"), ("A1048576", "s"), ("Z9", "n")])),
        "bare": draw(some.booleans()),
    }


@some.composite
def workbooks(draw: Callable[..., Any]) -> bytes:
    """A workbook of one tab or several."""
    count = _usual(draw, 3, some.just(1), some.integers(2, 3))
    names = draw(some.permutations([TITLE, "Sheet1", "二月"]))[:count]
    if draw(some.integers(0, 9)) == 0:
        names = list(dict.fromkeys(draw(some.lists(titles, min_size=count, max_size=count))))
    told = [(title, draw(layouts())) for title in names]
    return _as_ods(told) if draw(some.integers(0, 3)) == 0 else _as_xlsx(draw, told)


def _as_xlsx(draw: Callable[..., Any], told: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    strings: list[str] = []

    def cell(row: int, column: int, sort: str, value: str, bare: bool) -> str:
        at = "" if bare else f' r="{letters(column)}{row}"'
        style = draw(some.integers(0, len(_CODES) - 1)) if draw(some.integers(0, 3)) == 0 else 0
        if sort == "t":
            return _text(at, value)
        if sort == "d":
            return f'<c{at} s="{_CODES.index("yyyy-mm-dd")}"><v>{value}</v></c>'
        return {
            "n": f'<c{at} s="{style}"><v>{value}</v></c>',
            "b": f'<c{at} t="b"><v>{value}</v></c>',
            "e": f'<c{at} t="e"><v>{value}</v></c>',
            "f": f"<c{at}><f>A1+1</f>{f'<v>{value}</v>' if value else draw(some.sampled_from(['', '<v/>']))}</c>",
            "s": f'<c{at} t="str"><f>"a"</f><v>{value}</v></c>',
            "-": f'<c{at} s="{style}"/>',
        }[sort]

    def _text(at: str, value: str) -> str:
        kept = escape(value.replace("_x", "_x005F_x")).replace("\x7f", "&#x7f;")
        told = f'<t xml:space="preserve">{kept}</t>'
        if draw(some.booleans()):
            if draw(some.booleans()):
                told = f'<r>{told}</r><r><t/></r><rPh sb="0" eb="1"><t>ふり</t></rPh>'
            strings.append(told)
            return f'<c{at} t="s"><v>{len(strings) - 1}</v></c>'
        return f'<c{at} t="inlineStr"><is>{told}</is></c>'

    pages = []
    for title, layout in told:
        lines = [[("t", each) if each else ("-", "") for each in layout["head"]], *layout["rows"]]
        rows = "".join(
            f"<row{'' if layout['bare'] else f' r={chr(34)}{n}{chr(34)}'}>"
            + "".join(cell(n, place, sort, value, layout["bare"]) for place, (sort, value) in enumerate(line, start=1))
            + "</row>"
            for n, line in enumerate(lines, start=1)
        )
        if layout["far"] is not None:
            at, sort = layout["far"]
            number = at.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            rows += f'<row r="{number}"><c r="{at}" s="1">{"<v>1</v>" if sort == "n" else ""}</c></row>'
        areas = [
            f"{letters(c)}{r}:{letters(c + wide)}{r + high}" for r, c, high, wide in layout["merged"] if high + wide
        ]
        state = "hidden" if layout["hidden"] else "visible"
        pages.append(Page(title, rows, state, areas, draw(some.sampled_from(["", "A1", "A1:XFD1048576"]))))
    return Book(pages, strings, _CODES, since_1904=draw(some.integers(0, 9)) == 0).bytes()


def _percentage(value: str) -> dict[str, str]:
    return {"office_value_type": "percentage", "office_value": value} if value else {}


def _as_ods(told: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    def cell(sort: str, value: str, spans: dict[str, str]) -> str:
        if sort == "t":
            return ods_cell(value.replace("\x7f", "\u200b"), **spans)
        more: dict[str, str] = {
            "n": {"office_value_type": "float", "office_value": value},
            "d": {"office_value_type": "date", "office_date_value": {"46086": "2026-03-05"}.get(value, "2026-03-01")},
            "b": {"office_value_type": "boolean", "office_boolean_value": "true"},
            "e": {"office_value_type": "string", "calcext_value_type": "error", "told": value},
            "f": {
                "table_formula": "of:=1+1",
                **({"office_value_type": "percentage", "office_value": value} if value else {}),
            },
            "s": {"office_value_type": "string", "table_formula": 'of:="a"', "told": value},
            "-": {},
        }[sort]
        return ods_cell(**more, **spans)

    tables = []
    for title, layout in told:
        lines = [[("t", each) if each else ("-", "") for each in layout["head"]], *layout["rows"]]
        spanned = {(r, c): (high, wide) for r, c, high, wide in layout["merged"] if high + wide}
        rows = ""
        for n, line in enumerate(lines, start=1):
            cells = ""
            for place, (sort, value) in enumerate(line, start=1):
                high, wide = spanned.get((n, place), (0, 0))
                spans = {"table_number_rows_spanned": str(high + 1), "table_number_columns_spanned": str(wide + 1)}
                cells += cell(sort, value, spans if high + wide else {})
            far = '<table:table-cell table:number-columns-repeated="16000"/>' if layout["bare"] else ""
            rows += f"<table:table-row>{cells}{far}</table:table-row>"
        if layout["far"] is not None:
            rows += '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
        tables.append((title, rows))
    return ods(*tables, hidden=[title for title, layout in told if layout["hidden"]])
