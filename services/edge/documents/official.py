"""Word documents as GB/T 9704-2012 lays them out: A4, 22 lines of 28 characters, the fonts that offices use.

The fonts are named, not embedded: where one is missing, Word takes another in its place. Built with python-docx, and so
never in an eventlet process; building takes tens of milliseconds, off the event loop.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY, TITLE, LEVEL_1, PAGE_NUMBER = "仿宋_GB2312", "方正小标宋简体", "黑体", "宋体"
_BODY_SIZE, _TITLE_SIZE, _NUMBER_SIZE, _TABLE_SIZE = Pt(16), Pt(22), Pt(14), Pt(12)
_TOP, _LEFT, _WIDTH, _HEIGHT, _LINES = Mm(37), Mm(28), Mm(156), Mm(225), 22
_NUMERALS = "一二三四五六七八九十"


class Official:
    """A document that is being written, from its title to its signature."""

    def __init__(self, title: str) -> None:
        self._made: Any = Document()
        self._sections = 0
        self._set_page()
        normal = self._made.styles["Normal"]
        _set_font(normal, BODY, _BODY_SIZE)
        normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        normal.paragraph_format.line_spacing = Pt(_HEIGHT.pt / _LINES)
        normal.paragraph_format.space_after = Pt(0)
        self._made.core_properties.title = title
        self._made.core_properties.author = ""
        self._made.core_properties.created = datetime(2026, 1, 1, tzinfo=UTC)
        head = self._made.add_paragraph()
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        head.paragraph_format.line_spacing = Pt(36)
        head.paragraph_format.space_after = Pt(_HEIGHT.pt / _LINES)
        _set_font(head.add_run(title), TITLE, _TITLE_SIZE)

    def to(self, whom: str) -> None:
        """Whom it is addressed to, without indent."""
        self._made.add_paragraph(f"{whom}：")

    def text(self, text: str) -> None:
        """A paragraph, its first line indented by two characters."""
        self._indented(self._made.add_paragraph(text))

    def heading(self, text: str) -> None:
        """A heading of the first level, numbered 一、二、三 and so on."""
        paragraph = self._made.add_paragraph()
        self._indented(paragraph)
        _set_font(paragraph.add_run(f"{_NUMERALS[self._sections]}、{text}"), LEVEL_1, _BODY_SIZE)
        self._sections += 1

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """A table with a line around each cell; widths in millimetres, 156 in all."""
        table = self._made.add_table(rows=1, cols=len(heads))
        table.style = "Table Grid"
        table.autofit = False
        for number, cells in enumerate((heads, *rows)):
            row = table.rows[0] if number == 0 else table.add_row()
            for cell, text, width in zip(row.cells, cells, widths, strict=True):
                cell.width = Mm(width)
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.line_spacing = Pt(20)
                _set_font(paragraph.add_run(text), LEVEL_1 if number == 0 else BODY, _TABLE_SIZE)

    def signed(self, by: str, day: str) -> None:
        """Who issues it and on which day, at the right, two lines below the text."""
        self._made.add_paragraph()
        for text in (by, day):
            paragraph = self._made.add_paragraph(text)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.right_indent = Pt(4 * _BODY_SIZE.pt)

    def file(self) -> bytes:
        """The .docx file."""
        out = io.BytesIO()
        self._made.save(out)
        return out.getvalue()

    def _indented(self, paragraph: Any) -> None:
        paragraph.paragraph_format.first_line_indent = Pt(2 * _BODY_SIZE.pt)

    def _set_page(self) -> None:
        """A4; the text block 156 × 225 mm; page numbers outside, — 1 —, odd pages right and even ones left."""
        section = self._made.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = _TOP, _LEFT
        section.right_margin = section.page_width - _LEFT - _WIDTH
        section.bottom_margin = section.page_height - _TOP - _HEIGHT
        section.footer_distance = Mm(25)
        self._made.settings.odd_and_even_pages_header_footer = True
        for footer, side in (
            (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
            (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
        ):
            paragraph = footer.paragraphs[0]
            paragraph.alignment = side
            for text in ("— ", None, " —"):
                run = paragraph.add_run(text)
                _set_font(run, PAGE_NUMBER, _NUMBER_SIZE)
                if text is None:
                    _add_page_number(run)


def _add_page_number(run: Any) -> None:
    """A field that Word fills in: python-docx has no way of its own to add one."""
    for kind in ("begin", None, "end"):
        part = OxmlElement("w:instrText" if kind is None else "w:fldChar")
        if kind is None:
            part.text = "PAGE"
        else:
            part.set(qn("w:fldCharType"), kind)
        run.element.append(part)


def _set_font(styled: Any, name: str, size: Any) -> None:
    """Set a font for Latin and for Chinese text, which Word keeps apart."""
    styled.font.name = name
    styled.font.size = size
    fonts = styled.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia"):
        fonts.set(qn(script), name)
