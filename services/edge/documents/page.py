"""A report as a page: one template for the server's page and for the file that stands alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.organisation.contract import UNIT_KINDS

from . import show, view

PAGES = Path(__file__).parents[1] / "pages"
SCRIPTS = ("echarts.min.js", "charts.js")
STYLES = ("tabler.css", "style.css")


@cache
def environment() -> Environment:
    """The templates with what they show numbers by; an undefined name is an error, all text is escaped."""
    made = Environment(
        loader=FileSystemLoader(PAGES / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"instant": show.instant, "day": show.day, "span": show.span, "tone": show.tone}
    made.tests["late"] = lambda text: show.tone(text) == "red"
    made.globals |= {
        "asset": asset,
        "value": show.value,
        "title_of": show.title,
        "query": urlencode,
        "platform": show.PLATFORM,
        "banner": show.BANNER,
    }
    return made


@cache
def asset(name: str) -> str:
    """The address of a file of the pages; another content has another address, so that browsers may keep it."""
    return f"/pages/{name}?v={hashlib.sha256((PAGES / 'static' / name).read_bytes()).hexdigest()[:12]}"


def static(name: str) -> str:
    """A file of the pages, for one that stands alone."""
    return (PAGES / "static" / name).read_text("utf-8")


def report_page(
    report: dict[str, Any],
    *,
    base_url: str | None = None,
    standalone: bool = False,
    opens: Callable[[str], bool] = lambda figure: True,
    **context: Any,
) -> str:
    """The report as HTML.

    Standing alone it bears its style and scripts, asks for nothing from anywhere, and its links lead to `base_url`;
    without one it has no links. On the server links are relative to it, and `context` is what the frame needs. Only
    figures that `opens` says so of lead to their records.
    """
    issued = report.get("issued")
    addresses = view.Addresses(report["period"], base_url if standalone else "", issued["id"] if issued else "", opens)
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            groups=view.groups(report, addresses),
            grouped=show.grouped(report["details"]),
            compared=view.compared(report),
            changes=view.changes(report),
            children=view.children(report, addresses),
            charts=view.charts(report),
            issued=issued,
            differing=view.differing(report, addresses),
            **{
                "home": base_url if standalone else "",
                "style": "\n".join(static(name) for name in STYLES) if standalone else None,
                "scripts": [static(name) for name in SCRIPTS] if standalone else [],
                "reader": None,
                "links": [],
                "crumbs": [],
                "spans": [],
                "may_rank": False,
                "may_issue": False,
                "kinds": UNIT_KINDS,
                "locked": [],
                "corrected": None,
                **context,
            },
        )
    )
