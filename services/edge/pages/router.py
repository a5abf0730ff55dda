"""All pages, on one screen."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from . import (
    access,
    choices,
    entry,
    figures,
    home,
    initiatives,
    issues,
    judging,
    line_forms,
    membership,
    norms,
    records,
    reforms,
    sheets,
    sign_in,
    submitting,
    supervision,
    unmasking,
)
from .assets import Assets

_STATIC = Path(__file__).with_name("static")


def mount(app: FastAPI) -> None:
    """Put the pages on the application."""
    app.mount("/pages", Assets(directory=_STATIC), name="pages")
    # entry before records: `new` is no record's id
    modules = (
        *(sign_in, access, choices, home, issues, figures, initiatives, membership, line_forms, supervision),
        *(unmasking, entry),
        *(judging, norms, records, reforms, submitting, sheets),
    )
    for module in modules:
        app.include_router(module.router)
