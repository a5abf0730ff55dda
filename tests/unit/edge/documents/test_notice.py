"""The notice in Word: what it says, and that it is laid out as GB/T 9704 asks."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document
from docx.shared import Mm, Pt

from services.edge.documents import notice_docx, paper

NAMES = {"R": "示例省直机关工委", "D1-B1": "示例第一党支部"}
ITEM: dict[str, Any] = {"key": "theme", "title": "主题党日（每月 1 次）", "text": "结合实际", "due": None}
NOTICE: dict[str, Any] = {
    "title": "2026年12月组织生活通知单",
    "month": "2026-12",
    "unit": "R",
    "units": ["R"],
    "items": [ITEM, {"key": "film", "title": "观看专题片", "text": "", "due": "2026-12-20"}],
    "materials": [{"id": "", "title": "学习读本"}],
    "note": "请按时完成。",
    "editions": [
        {"edition": 1, "day": "2026-12-01", "reason": "", "changes": []},
        {"edition": 2, "day": "2026-12-05", "reason": "增加", "changes": ["新增：“观看专题片”"]},
    ],
}


@pytest.fixture
def made() -> Any:
    return Document(io.BytesIO(notice_docx(paper(NOTICE, NAMES))))


def test_it_says_what_the_notice_says(made: Any) -> None:
    """Whom, what by when, what to read, what this edition changed, who and when."""
    text = [paragraph.text for paragraph in made.paragraphs]
    assert text[0] == "2026年12月组织生活通知单"
    assert text[1] == "示例省直机关工委所属各党支部："
    for told in (
        "一、事项",
        "二、学习资料",
        "《学习读本》",
        "三、说明",
        "请按时完成。",
        "四、本版变更",
        "新增：“观看专题片”",
    ):
        assert told in text
    assert text[-2:] == ["示例省直机关工委", "2026年12月5日"]
    (table,) = made.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["序号", "事项", "时限", "要求"],
        ["1", "主题党日（每月 1 次）", "2026年12月31日", "结合实际"],
        ["2", "观看专题片", "2026年12月20日", ""],
    ]


def test_a_branchs_own_says_what_is_done() -> None:
    """Its receipt names the branch and tells item by item."""
    items = [{**ITEM, "done": "record"}, {**NOTICE["items"][1], "done": None}]
    told = paper(NOTICE, NAMES, {"unit": "D1-B1", "items": items})
    assert told.to == "示例第一党支部"
    (table,) = Document(io.BytesIO(notice_docx(told))).tables
    assert [row.cells[3].text for row in table.rows] == ["完成情况", "已完成（记录）", "未完成"]


def test_it_is_laid_out_by_the_standard(made: Any) -> None:
    """A4, top 37 mm, left 28 mm, a text block of 156 × 225 mm with 22 lines; the fonts and sizes of each part."""
    section = made.sections[0]
    lengths = (section.page_width, section.page_height, section.top_margin, section.left_margin)
    assert [round(length.mm, 1) for length in lengths] == [210, 297, 37, 28]
    assert abs(section.page_width - section.left_margin - section.right_margin - Mm(156)) < Mm(0.1)
    assert abs(section.page_height - section.top_margin - section.bottom_margin - Mm(225)) < Mm(0.1)
    normal = made.styles["Normal"]
    assert (normal.font.name, normal.font.size) == ("仿宋_GB2312", Pt(16))
    assert 22 * normal.paragraph_format.line_spacing.mm == pytest.approx(225, abs=1)
    title = made.paragraphs[0].runs[0]
    assert (title.font.name, title.font.size) == ("方正小标宋简体", Pt(22))
    heading = next(paragraph for paragraph in made.paragraphs if paragraph.text == "一、事项").runs[0]
    assert heading.font.name == "黑体"
    number = section.footer.paragraphs[0]
    assert (number.runs[0].font.name, number.runs[0].font.size) == ("宋体", Pt(14))
    assert "PAGE" in number.runs[1].element.xml
    assert made.settings.odd_and_even_pages_header_footer
