"""gRPC as programs meet it: the same figures, the same permissions, the same refusals as REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.edge.pb.shengzhi.report.v1 import reports_pb2 as pb
from services.edge.pb.shengzhi.report.v1 import reports_pb2_grpc
from tests.eventually import PATIENCE
from tests.journey.province import CLOSES, OPENS, ROOT, Province

SERVICE = "shengzhi.report.v1.Reports"


@pytest.fixture(scope="module")
def channel(province: Province) -> Iterator[Any]:
    with grpc.insecure_channel(f"127.0.0.1:{province.platform.grpc_port}") as opened:
        yield opened


@pytest.fixture(scope="module")
def reports(channel: Any) -> Any:
    return reports_pb2_grpc.ReportsStub(channel)  # type: ignore[no-untyped-call]


def bearing(province: Province, user: str) -> dict[str, Any]:
    """What a call of that user bears besides its message."""
    return {"metadata": (("authorization", province.as_user(user).headers["Authorization"]),), "timeout": 10}


def asked(unit: str = ROOT, first: str = OPENS, last: str = CLOSES, **more: Any) -> dict[str, Any]:
    return {"unit": unit, "from": first, "to": last, **more}


def refusal(call: Any, message: Any, **more: Any) -> tuple[str, str | None]:
    """The status and the stable code with which a call is refused."""
    with pytest.raises(grpc.RpcError) as refused:
        call(message, **{"timeout": 10, **more})
    error: Any = refused.value
    return error.code().name, dict(error.trailing_metadata() or ()).get("code")


@pytest.mark.row("G1", "G2")
def test_figures_are_those_of_rest(province: Province, reports: Any) -> None:
    """A report and the records behind its figures say the same over both."""
    session = {
        "unit": "D001-B01",
        "day": "2026-05-06",
        "way": "branch",
        "form": "discussion",
        "title": "研讨",
        "due": 7,
    }
    secretary = province.as_user("secretary")
    id = secretary.post("/study/sessions", json=session).json()["id"]
    assert secretary.post(f"/study/sessions/{id}/submissions").status_code == 201
    told = province.settled(datetime.now(UTC))
    report = reports.GetReport(pb.GetReportRequest(**asked(children=True, compare=True)), **bearing(province, "office"))
    values = {figure.id: figure.value if figure.HasField("value") else None for figure in report.figures}
    assert values == told["figures"]
    assert {"D001", "D002"} <= {child.unit for child in report.children}
    year_before = province.report(compare="year")["year_before"]
    assert (getattr(report.year_before, "from"), report.year_before.to) == tuple(year_before["period"].values())
    assert essays_of(report.year_before) == year_before["figures"]["study.essays"]
    assert report.as_of.ToDatetime(UTC) >= datetime.fromisoformat(told["as_of"])
    null = next(figure for figure in report.figures if not figure.HasField("value"))
    assert null.reason in {"not_additive", "no_denominator"}
    wanted = pb.ListRecordsRequest(figure="study.attendance.due", page_size=1, **asked())
    records = reports.ListRecords(wanted, **bearing(province, "office"))
    assert (records.sum, len(records.items)) == (told["figures"]["study.attendance.due"], 1)
    assert secretary.post(f"/study/sessions/{id}/voids", json={"reason": "测试结束"}).status_code == 201


@pytest.mark.parametrize(
    ("user", "message", "status", "code"),
    [
        (None, asked(), "UNAUTHENTICATED", "token.missing"),
        ("water", asked("D001"), "PERMISSION_DENIED", "unit.out_of_scope"),
        ("member", asked("D001-B01"), "PERMISSION_DENIED", "role.missing"),
        ("office", asked("D999"), "NOT_FOUND", "unit.unknown"),
        ("office", asked(first="yesterday"), "INVALID_ARGUMENT", "period.invalid"),
        ("office", asked(first=""), "INVALID_ARGUMENT", "period.invalid"),
        ("office", asked(first="0001-01-01", last="0001-01-02"), "INVALID_ARGUMENT", "period.invalid"),
        ("office", asked(first=CLOSES, last=OPENS), "INVALID_ARGUMENT", "period.invalid"),
        ("office", asked(period="2026-W12"), "INVALID_ARGUMENT", "period.invalid"),
        ("office", asked(first="", last="", period="2025-W53"), "INVALID_ARGUMENT", "period.invalid"),
        ("office", asked(first="", last="", period="campaign:C9"), "NOT_FOUND", "campaign.unknown"),
    ],
)
def test_refusals(
    province: Province, reports: Any, user: str | None, message: dict[str, Any], status: str, code: str
) -> None:
    """A refusal is a status with the stable code of REST in the trailing metadata."""
    bears = {} if user is None else bearing(province, user)
    assert refusal(reports.GetReport, pb.GetReportRequest(**message), **bears) == (status, code)
    records = pb.ListRecordsRequest(figure="study.essays", **message)
    assert refusal(reports.ListRecords, records, **bears) == (status, code)
    assert refusal(
        lambda watched, **more: next(reports.WatchReport(watched, **more)), pb.WatchReportRequest(**message), **bears
    ) == (status, code)


def test_a_wrong_token_figure_or_page(province: Province, reports: Any) -> None:
    """So are a token that opens nothing, a figure that does not exist and a page that is too large."""
    wrong = {"metadata": (("authorization", "Bearer nonsense"),)}
    assert refusal(reports.GetReport, pb.GetReportRequest(**asked()), **wrong) == ("UNAUTHENTICATED", "token.invalid")
    office = bearing(province, "office")
    unknown = pb.ListRecordsRequest(figure="none", **asked())
    assert refusal(reports.ListRecords, unknown, **office) == ("NOT_FOUND", "figure.unknown")
    large = pb.ListRecordsRequest(figure="study.essays", page_size=201, **asked())
    assert refusal(reports.ListRecords, large, **office) == ("INVALID_ARGUMENT", "request.invalid")


def test_a_message_of_5_mb_and_a_deadline_that_is_over(province: Province, reports: Any) -> None:
    """Messages have a size and calls an end."""
    office = bearing(province, "office")
    huge = pb.GetReportRequest(**asked("D" * 5 * 1024 * 1024))
    assert refusal(reports.GetReport, huge, **office)[0] == "RESOURCE_EXHAUSTED"
    at_once = {**office, "timeout": 0.000001}
    assert refusal(reports.GetReport, pb.GetReportRequest(**asked()), **at_once)[0] == "DEADLINE_EXCEEDED"


@pytest.mark.row("G1")
def test_a_report_is_watched(province: Province, reports: Any) -> None:
    """As it stands, then each change; a broken stream goes on from its token, and ends at the caller's deadline."""
    secretary = province.as_user("secretary")
    bears = {**bearing(province, "office"), "timeout": 60}
    wanted: dict[str, Any] = {"unit": ROOT, "period": "campaign", "children": True}
    watching = reports.WatchReport(pb.WatchReportRequest(**wanted), **bears)
    first = next(told for told in watching if told.HasField("report"))
    assert len(first.report.children) > 1
    essay = {"unit": "D001-B01", "day": "2026-05-07", "title": "心得"}
    made = secretary.post("/study/essays", json=essay)
    assert made.status_code == 201, made.text
    changed = next(told for told in watching if told.HasField("report"))
    watching.cancel()
    essays = [essays_of(told.report) for told in (first, changed)]
    assert essays[1] == essays[0] + 1
    missed = reports.WatchReport(pb.WatchReportRequest(**wanted, resume_token=first.resume_token), **bears)
    assert next(missed).resume_token == changed.resume_token
    missed.cancel()
    short = reports.WatchReport(
        pb.WatchReportRequest(**wanted, resume_token=changed.resume_token), **{**bears, "timeout": 2}
    )
    with pytest.raises(grpc.RpcError) as ended:
        next(short)
    assert ended.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert secretary.post(f"/study/essays/{made.json()['id']}/voids", json={"reason": "测试结束"}).status_code == 201


def essays_of(report: Any) -> float:
    """How many essays a report counts."""
    return next(float(figure.value) for figure in report.figures if figure.id == "study.essays")


@pytest.mark.row("G5")
def test_the_catalogue_is_that_of_rest(province: Province, reports: Any) -> None:
    """Every entry says the same over both; who may see no figures sees no catalogue."""
    told = reports.GetCatalogue(pb.GetCatalogueRequest(), **bearing(province, "office"))
    rest = province.as_user("office").get("/figures").json()["items"]
    names = ("id", "name", "unit_of_measure", "sort", "counts", "tagged")
    assert [{name: getattr(entry, name) for name in names} for entry in told.items] == [
        {name: entry[name] for name in names} for entry in rest
    ]
    member = bearing(province, "member")
    assert refusal(reports.GetCatalogue, pb.GetCatalogueRequest(), **member) == ("PERMISSION_DENIED", "role.missing")


def test_health_and_reflection(channel: Any) -> None:
    """Probes and tools find the service without its definition."""
    checks = health_pb2_grpc.HealthStub(channel)
    for name in ("", SERVICE):
        answer = checks.Check(health_pb2.HealthCheckRequest(service=name), timeout=PATIENCE)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    listed = stub.ServerReflectionInfo(
        iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=PATIENCE
    )
    assert SERVICE in {service.name for service in next(listed).list_services_response.service}
