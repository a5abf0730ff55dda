"""Documents made from figures and records: every number can be traced to where it opens."""

from .notice import notice_docx, paper
from .official import DOCX
from .page import report_page
from .workbook import catalogue_workbook, records_workbook, report_workbook

__all__ = [
    "DOCX",
    "catalogue_workbook",
    "notice_docx",
    "paper",
    "records_workbook",
    "report_page",
    "report_workbook",
]
