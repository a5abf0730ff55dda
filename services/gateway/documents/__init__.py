"""Documents made from figures: every number can be traced to where it opens."""

from .page import report_page
from .workbook import report_workbook

__all__ = ["report_page", "report_workbook"]
