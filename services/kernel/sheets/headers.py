"""Which tabs of a workbook are a sheet of ours, and which of their columns is which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..message.errors import DomainError, FieldError
from ..message.keys import spellings
from ..message.redaction import redact
from .archive import refusal
from .sheet import EXPLANATION, WRONG, Sheet
from .typed import value_of
from .workbooks import Cell, Tab, letters

_LOOKED_THROUGH = 20
_ENOUGH = 2
"""A row with so many of our headers is a row of headers."""


@dataclass(frozen=True)
class Headed:
    """A tab that is such a sheet: column → key, and column → header of those that are passed over."""

    tab: Tab
    keys: dict[int, str]
    notes: dict[int, str]


def headed(sheet: Sheet, tabs: Sequence[Tab], others: Collection[str]) -> tuple[list[Headed], list[str]]:
    """The tabs to read, and the titles of those that are another sheet or explain one; `others` are other titles.

    Every visible tab in which something is filled is one or the other, or the workbook is refused: what is left out in
    silence is lost.

    Raises:
        DomainError: file.empty, file.columns_missing, file.columns_wrong, file.tab_unknown.
    """
    found: list[Headed] = []
    passed_over: list[str] = []
    wrong: list[DomainError] = []
    filled = [tab for tab in tabs if tab.rows]
    if not filled:
        raise refusal("file.empty", "表格中没有内容（隐藏的工作表不读取）")
    for tab in filled:
        if tab.title != sheet.title and (tab.title == EXPLANATION or tab.title in others):
            passed_over.append(tab.title)
            continue
        try:
            found.append(_headed(sheet, tab))
        except DomainError as refused:
            wrong.append(refused)
    if not found and not wrong:
        raise refusal("file.columns_missing", f"没有“{sheet.title}”的工作表")
    if wrong:
        errors = [error for refused in wrong for error in refused.errors]
        raise DomainError(wrong[0].code, wrong[0].detail, wrong[0].kind, errors)
    return found, passed_over


def _headed(sheet: Sheet, tab: Tab) -> Headed:
    known = {_header(column.header): column for column in sheet.columns}
    first = {column: told for column, cell in tab.rows.get(1, {}).items() if (told := _told(cell))}
    here = {_header(told) for told in first.values()}
    missing = [column.header for name, column in known.items() if column.required and name not in here]
    if missing:
        raise _not_headed(sheet, tab, known, missing)
    notes = {_header(note): note for note in (*sheet.notes, WRONG)}
    keys: dict[int, str] = {}
    passed_over: dict[int, str] = {}
    faults: list[str] = []
    for column, told in first.items():
        name = _header(told)
        if name in known:
            if known[name].key in keys.values():
                faults.append(f"{letters(column)} 列“{told}”与前面的列重复")
            keys[column] = known[name].key
        elif name in notes:
            passed_over[column] = notes[name]
        else:
            faults.append(f"{letters(column)} 列“{told[:40]}”不是本表的列{_meant(name, known)}")
    faults.extend(_nameless(tab, first))
    faults.extend(_merged(tab, set(first)))
    if faults:
        how = "请改正列名；不需要的列请删除，自用的列可命名为“备注”"
        details = [redact(f"工作表“{tab.title}”的 {fault}；{how}") for fault in faults]
        errors = [FieldError(pointer="/file", detail=detail) for detail in details]
        raise DomainError("file.columns_wrong", details[0], errors=errors)
    return Headed(tab, keys, passed_over)


def _not_headed(sheet: Sheet, tab: Tab, known: Collection[str], missing: Sequence[str]) -> DomainError:
    """The refusal of a tab that lacks headers of ours: it is one of ours, or nothing of ours."""
    rows = [{_header(_told(cell)) for cell in tab.rows[row].values()} for row in sorted(tab.rows)[:_LOOKED_THROUGH]]
    most = max(len(set(known) & row) for row in rows)
    title = redact(tab.title)
    if tab.title == sheet.title or most >= min(_ENOUGH, len(known)):
        return refusal("file.columns_missing", f"工作表“{title}”第 1 行的表头缺少：{'、'.join(missing)}")
    detail = f"工作表“{title}”没有“{sheet.title}”的表头（缺少：{'、'.join(missing)}），不能读取；不报送的请删除或隐藏"
    return refusal("file.columns_missing", detail)


def _nameless(tab: Tab, first: Collection[int]) -> list[str]:
    """Columns without a header in which something is filled."""
    found = {
        column
        for row, cells in tab.rows.items()
        for column, cell in cells.items()
        if column not in first and row > 1 and value_of(cell) != ""
    }
    return [f"{letters(column)} 列没有表头，却填有内容" for column in sorted(found)]


def _merged(tab: Tab, first: Collection[int]) -> list[str]:
    """Headers that stand over several columns."""
    areas = (area for area in tab.merged if area.row == 1 and area.column in first)
    return [f"{letters(area.column)} 列的表头是合并的单元格" for area in areas]


def _meant(name: str, known: Collection[str]) -> str:
    """Which of our columns may have been meant."""
    near = [header for header in known if header in name or (name and name in header)]
    return f"，是否应为“{near[0]}”" if len(near) == 1 else ""


def _header(told: str) -> str:
    """A header as it is compared: without white space, line breaks, what nobody sees, and marks of what is required."""
    return "".join(spellings(told)[-1].split()).strip("*")


def _told(cell: Cell) -> str:
    return str(value_of(cell)) if cell.fault == "" else str(cell.value)
