"""gRPC: the same figures, permissions and refusals as REST, for programs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from pymongo.errors import PyMongoError

from services.gateway.domain import Action
from services.gateway.store import directory, issued, locked, report
from services.gateway.store.snapshot import weights
from services.kernel import metrics
from services.kernel.message.clock import business_day, utc_now
from services.kernel.message.errors import DomainError, Kind
from services.kernel.message.instants import read_day

from . import access_log
from .gate import Gate, Principal
from .pb.shengzhi.report.v1 import reports_pb2 as pb
from .pb.shengzhi.report.v1 import reports_pb2_grpc
from .streams import Asked, Streams, Update
from .throttle import Callers

T = TypeVar("T")

log = structlog.stdlib.get_logger(__name__)

MOST_BYTES = 4 * 1024 * 1024
MOST_SECONDS = 30.0
"""A call without a deadline of its own, or with a later one, ends here; a stream is bounded by `streams`."""
CODES: dict[Kind, grpc.StatusCode] = {
    "invalid": grpc.StatusCode.INVALID_ARGUMENT,
    "unauthenticated": grpc.StatusCode.UNAUTHENTICATED,
    "forbidden": grpc.StatusCode.PERMISSION_DENIED,
    "not_found": grpc.StatusCode.NOT_FOUND,
    "conflict": grpc.StatusCode.FAILED_PRECONDITION,
    "stale": grpc.StatusCode.ABORTED,
    "too_large": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "unsupported": grpc.StatusCode.INVALID_ARGUMENT,
    "too_many": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "failed": grpc.StatusCode.INTERNAL,
    "unavailable": grpc.StatusCode.UNAVAILABLE,
    "timed_out": grpc.StatusCode.DEADLINE_EXCEEDED,
}


class Reports(reports_pb2_grpc.ReportsServicer):
    """shengzhi.report.v1.Reports."""

    def __init__(self, gate: Gate, streams: Streams, callers: Callers) -> None:
        self._gate = gate
        self._streams = streams
        self._callers = callers

    async def GetReport(self, request: pb.GetReportRequest, context: Any) -> pb.GetReportResponse:  # noqa: N802
        """A unit's figures for a period."""

        async def answer() -> pb.GetReportResponse:
            await self._gate.allow(await self._caller(context), Action.read_figures, request.unit)
            return _report(await self._found(request))

        return await self._answered("GetReport", context, answer)

    async def ListRecords(self, request: pb.ListRecordsRequest, context: Any) -> pb.ListRecordsResponse:  # noqa: N802
        """The records behind a figure."""

        async def answer() -> pb.ListRecordsResponse:
            caller = await self._caller(context)
            await self._gate.allow(caller, Action.read_figures, request.unit)
            span = await self._span(request)
            page, size = request.page or 1, request.page_size or 50
            if not (1 <= page <= 10_000 and 1 <= size <= 200):
                raise DomainError("request.invalid", "page 应为 1 至 10000，page_size 应为 1 至 200")
            asked = (request.figure, request.unit, span, page, size, request.tag or None)
            return _records(await report.records(self._gate.database, *asked, roles=caller.roles))

        return await self._answered("ListRecords", context, answer)

    async def GetCatalogue(  # noqa: N802
        self, request: pb.GetCatalogueRequest, context: Any
    ) -> pb.GetCatalogueResponse:
        """Every figure, with the weights in force."""

        async def answer() -> pb.GetCatalogueResponse:
            self._gate.own(await self._caller(context), Action.read_figures)
            entries = report.catalogue(await weights(self._gate.database))
            return pb.GetCatalogueResponse(items=[pb.CatalogueEntry(**entry) for entry in entries])

        return await self._answered("GetCatalogue", context, answer)

    async def WatchReport(  # noqa: N802
        self, request: pb.WatchReportRequest, context: Any
    ) -> AsyncIterator[pb.WatchReportResponse]:
        """The report, and again whenever it has changed."""

        async def opened() -> AsyncIterator[Update]:
            await self._gate.allow(await self._caller(context), Action.read_figures, request.unit)
            asked = Asked(request.unit, await self._span(request), request.children, _compared(request))
            return await self._streams.open(_bearer(context), asked, request.resume_token or None)

        updates = await self._answered("WatchReport", context, opened)
        while (update := await self._answered("WatchReport", context, lambda: anext(updates, None), None)) is not None:
            yield _update(update)

    async def _found(self, request: pb.GetReportRequest) -> dict[str, Any]:
        """The figures as they are, or as they stood."""
        database, unit, children = self._gate.database, request.unit, request.children
        stood, number = request.stood or "now", request.number or None
        if stood == "issued":
            span = None if number else await self._span(request)
            return await issued.issued_report(database, unit, span, number, children=children)
        span = await self._span(request)
        if stood == "locked":
            return await locked.locked_report(database, unit, span, children=children)
        if stood != "now":
            raise DomainError("request.invalid", "stood 应为 now、locked 或 issued")
        return await report.report(database, unit, span, children=children, compare=_compared(request))

    async def _caller(self, context: Any) -> Principal:
        bearer = _bearer(context)
        if self._callers.wait(bearer, context.peer().rpartition(":")[0], time.monotonic()):
            raise DomainError("request.too_many", "请求过于频繁，请稍后再试", "too_many")
        try:
            principal = await self._gate.identify(bearer)
        except DomainError:
            if bearer:
                self._callers.forget(bearer)
            raise
        self._callers.keep(bearer or "")
        return principal

    async def _span(self, request: Any) -> report.Span:
        """The span asked for: by its name, or by its days."""
        first, last = getattr(request, "from"), request.to
        if request.period:
            if first or last:
                raise DomainError("period.invalid", "period 与 from、to 只填其一")
            campaigns = await directory.spans(self._gate.database)
            return report.Span.named(request.period, campaigns, business_day(utc_now()))
        try:
            return report.Span(read_day(first), read_day(last))
        except ValueError as error:
            raise DomainError("period.invalid", f"from、to {error}") from error

    async def _answered(
        self,
        method: str,
        context: Any,
        answer: Callable[[], Awaitable[T]],
        most_seconds: float | None = MOST_SECONDS,
    ) -> T:
        """Answer in the time that there is, or abort with the refusal's status and its stable code in the trailer."""
        traced = str(dict(context.invocation_metadata() or ()).get("traceparent", "")).split("-")
        trace = traced[1] if len(traced) == 4 else ""
        asking = access_log.begin(str(context.peer()), trace, changes=False, operation=f"grpc {method}")
        try:
            async with asyncio.timeout(most_seconds):
                answered = await answer()
        except DomainError as refusal:
            access_log.refused(refusal)
            if asking.withheld:
                await access_log.keep(self._gate.log, self._gate.directory, asking)
            code, stable, detail = CODES[refusal.kind], refusal.code, refusal.detail
        except PyMongoError as error:
            log.warning("grpc.store_away", error=repr(error))
            code, stable, detail = grpc.StatusCode.UNAVAILABLE, "store.unavailable", "数据库暂时不可用，请稍后重试"
        except TimeoutError:
            code, stable, detail = grpc.StatusCode.DEADLINE_EXCEEDED, "request.timed_out", "未能及时答复，请稍后重试"
        else:
            metrics.GRPC_REQUESTS.labels(method, "OK").inc()
            return answered
        metrics.GRPC_REQUESTS.labels(method, code.name).inc()
        context.set_trailing_metadata((("code", stable),))
        await context.abort(code, detail)
        raise AssertionError("abort raises")


def _compared(request: Any) -> tuple[str, ...]:
    return ("before", "year") if request.compare else ()


def _bearer(context: Any) -> str | None:
    told = dict(context.invocation_metadata() or ())
    scheme, _, token = str(told.get("authorization", "")).partition(" ")
    return token if scheme.lower() == "bearer" else None


def _figures(details: dict[str, Any]) -> list[pb.Figure]:
    return [
        pb.Figure(
            id=id,
            value=detail["value"],
            name=detail["name"],
            unit_of_measure=detail["unit_of_measure"],
            sort=detail["sort"],
            reason=detail["reason"] or "",
        )
        for id, detail in details.items()
    ]


def _update(update: Update) -> pb.WatchReportResponse:
    told = pb.WatchReportResponse(resume_token=update.token)
    if update.report is not None:
        told.report.CopyFrom(_report(update.report))
    if update.as_of is not None:
        told.as_of.FromDatetime(update.as_of)
    return told


def _report(found: dict[str, Any]) -> pb.GetReportResponse:
    answer = pb.GetReportResponse(
        unit=found["unit"],
        unit_name=found["unit_name"],
        to=found["period"]["to"],
        figures=_figures(found["details"]),
        tree_changes=_changes(found),
        **{"from": found["period"]["from"]},
    )
    as_of: datetime | None = found["as_of"]
    if as_of is not None:
        answer.as_of.FromDatetime(as_of)
    for child in found["children"]:
        figures = _others(found, child["figures"])
        answer.children.append(pb.Child(unit=child["unit"], name=child["name"], figures=figures))
    answer.now.extend(_others(found, found["now"]) if "now" in found else [])
    for lock in found.get("locked", ()):
        answer.locked.add(month=lock["month"], unit=lock["unit"]).at.FromDatetime(lock["at"])
    if "issued" in found:
        names = ("id", "unit", "number", "title", "day", "intact")
        answer.issued.CopyFrom(pb.Issued(**{name: found["issued"][name] for name in names}))
    for name, other in (("before", answer.before), ("year_before", answer.year_before)):
        if name in found:
            days = found[name]["period"]
            figures = _others(found, found[name]["figures"])
            moved = _changes(found[name])
            other.CopyFrom(pb.Compared(to=days["to"], figures=figures, tree_changes=moved, **{"from": days["from"]}))
    return answer


def _changes(found: dict[str, Any]) -> list[pb.TreeChange]:
    return [pb.TreeChange(**change) for change in found.get("tree_changes", ())]


def _others(found: dict[str, Any], values: dict[str, Any]) -> list[pb.Figure]:
    """The same figures as the report's, of another unit or period."""
    return _figures({id: {**detail, "value": values[id]} for id, detail in found["details"].items()})


def _records(found: dict[str, Any]) -> pb.ListRecordsResponse:
    items = [pb.Record(**{name: value for name, value in row.items() if value is not None}) for row in found["items"]]
    counts = {name: found[name] for name in ("figure", "sum", "total", "page", "page_size")}
    return pb.ListRecordsResponse(**counts, items=items)


async def make_server(gate: Gate, streams: Streams, callers: Callers, address: str) -> Any:
    """The server, with health and reflection, bound to the address; to be started by its caller."""
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MOST_BYTES),
            ("grpc.max_send_message_length", 16 * MOST_BYTES),
            ("grpc.so_reuseport", 0),
            # a caller that has gone is noticed; one that asks whether we are there is not taken for a flood
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.max_concurrent_streams", 200),
        ]
    )
    reports_pb2_grpc.add_ReportsServicer_to_server(Reports(gate, streams, callers), server)  # type: ignore[no-untyped-call]
    name = pb.DESCRIPTOR.services_by_name["Reports"].full_name
    checks = health.aio.HealthServicer()
    await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    reflection.enable_server_reflection((name, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    server.add_insecure_port(address)
    return server
