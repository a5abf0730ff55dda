"""All pages, on one screen."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from . import entry, figures, home, judging, membership, records, sheets, sign_in, submitting, supervision

_STATIC = Path(__file__).with_name("static")


def mount(app: FastAPI) -> None:
    """Put the pages on the application."""
    app.mount("/pages", StaticFiles(directory=_STATIC), name="pages")
    # entry before records: `new` is no record's id
    for module in (sign_in, home, figures, membership, entry, judging, records, supervision, submitting, sheets):
        app.include_router(module.router)
