"""Workbooks from outside: .xlsx and .ods as visible tabs with the cells that are filled, within bounds.

Two things are kept that readers made for speed throw away, and on which it rests that a filled cell is never taken for
an empty one: which cells hold an error or a formula without a result, and the format in which a number is shown.
"""

from __future__ import annotations

from ...message.errors import DomainError
from ..archive import Archive, refusal
from . import ods, xlsx
from .cell import Area, Cell, Tab, letters

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

__all__ = ["Area", "Cell", "Tab", "letters", "tabs"]


def tabs(data: bytes) -> list[Tab]:
    """The visible tabs of a workbook, in their order. Work for a process of its own: see `outside`.

    Raises:
        DomainError: file.not_a_spreadsheet, file.encrypted, file.too_large_unpacked, file.extent, file.too_many_cells.
    """
    if data.startswith(_OLE):
        detail = "文件是 .xls 等旧格式，或设有打开密码；请取消密码，另存为 .xlsx 后重新上传"
        raise refusal("file.not_a_spreadsheet", detail)
    if not data.startswith(b"PK"):
        raise refusal("file.not_a_spreadsheet", "文件不是可以读取的电子表格（应为 .xlsx）")
    try:
        archive = Archive(data)
        return ods.tabs(archive) if "mimetype" in archive else xlsx.tabs(archive)
    except DomainError as refused:
        if refused.code != "file.damaged":
            raise
        raise refusal("file.not_a_spreadsheet", refused.detail) from refused
