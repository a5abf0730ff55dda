"""The API's application: every router, every limit, probes and documentation, on one screen."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.kernel.journal.store import CODEC, Document
from services.kernel.settings import Settings

from ..oidc import Provider
from ..streams import Streams
from ..throttle import Callers
from . import (
    access,
    accounts,
    attendance,
    calendars,
    contests,
    directory,
    errors,
    hotline,
    imports,
    initiatives,
    issues,
    live,
    members,
    operations,
    reforms,
    reports,
    research,
    resources,
    study_plans,
    submissions,
    supervision,
)
from .auth import Gate
from .headers import CSP, Headers
from .limits import Limits
from .openapi import describe


def open_store(given: Settings) -> tuple[AsyncMongoClient[Document], AsyncDatabase[Document]]:
    """The gateway's database for reading, on a client that gives up on an absent store within 3 s."""
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        given.mongo_uri, appname="shengzhi-api", serverSelectionTimeoutMS=3_000, maxPoolSize=64
    )
    return client, client.get_database(given.database("gateway"), codec_options=CODEC)


def make_app(
    gate: Gate,
    streams: Streams | None = None,
    callers: Callers | None = None,
    extend: Callable[[FastAPI], None] = lambda app: None,
    oidc: Provider | None = None,
) -> FastAPI:
    """The application on a gate, with what the process's edges share; `extend` mounts what lies above (the pages)."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await gate.commands.close()

    app = FastAPI(
        title="省直主题教育工作平台",
        version="1",
        description="非涉密系统。一次填报，处处可用；每个数字都能打开到记录。错误按 RFC 9457 返回，code 稳定不变。"
        "时间不带时区的按北京时间。",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.gate, app.state.streams, app.state.oidc = gate, streams or Streams(gate), oidc
    errors.install(app)
    records = (members, attendance, study_plans, supervision, contests, research, hotline, resources)
    first = (imports, accounts, directory, reforms, access)
    for module in (*first, *records, calendars, initiatives, submissions, live, issues, reports, operations):
        app.include_router(module.router, prefix="/api/v1", responses=errors.ANSWERS)
    _operations(app, gate)
    app.mount("/static", StaticFiles(packages=[("fastapi_offline", "static")]), name="static")
    extend(app)
    describe(app)
    app.add_middleware(Limits, callers=callers)
    app.add_middleware(Headers)
    return app


def _operations(app: FastAPI, gate: Gate) -> None:
    @app.get("/healthz", tags=["运维"], summary="存活")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["运维"], summary="就绪", responses={503: errors.ANSWERS[503]})
    async def readyz() -> Response:
        """The store answers; with the broker down reads go on, so it is not asked."""
        try:
            await gate.database.command("ping")
        except PyMongoError:
            return JSONResponse({"status": "store unavailable"}, 503)
        return JSONResponse({"status": "ok"})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="接口文档",
            swagger_js_url="/static/swagger-ui-bundle.js",
            swagger_css_url="/static/swagger-ui.css",
            swagger_favicon_url="/pages/favicon.svg",
        )
        # the one page with a script of its own in it, and nothing in it that anybody typed
        page.headers["Content-Security-Policy"] = CSP.replace("script-src", "script-src 'unsafe-inline'")
        return page
