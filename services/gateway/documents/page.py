"""A report as a page: one template for the server's page and for the file that stands alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import show

_TEMPLATES = Path(__file__).parents[1] / "pages" / "templates"
_STATIC = Path(__file__).parents[1] / "pages" / "static"


@cache
def environment() -> Environment:
    """The templates with what they show numbers by; an undefined name is an error, all text is escaped."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"instant": show.instant, "day": show.day}
    made.globals |= {"value": show.value, "change": show.change, "reasons": show.REASONS, "query": urlencode}
    return made


def stylesheet() -> str:
    """The pages' style, for a file that stands alone."""
    return (_STATIC / "style.css").read_text("utf-8")


def report_page(report: dict[str, Any], *, base_url: str = "", standalone: bool = False, **context: Any) -> str:
    """The report as HTML. Standing alone it bears its style, and links lead to `base_url`."""
    return environment().get_template("report.html").render(
        report=report,
        groups=show.grouped(report["details"]),
        base=base_url,
        style=stylesheet() if standalone else None,
        **{"user": None, "spans": [], **context},
    )
