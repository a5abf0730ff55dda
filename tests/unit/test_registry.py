"""The registry is the only list of services, and lists them all."""

from services.cli import WORKERS
from services.cli.audit.recount import COUNTED, DISTINCT
from services.cli.contracts import payloads
from services.gateway.projection import METRICS
from services.registry import SERVICES, SHEET_TITLES, SHEET_WAYS, SOURCES


def test_every_worker_has_its_row() -> None:
    """What is started, read off the folder, is what the registry lists."""
    assert sorted(service.package for service in SERVICES) == list(WORKERS)
    assert len(set(SOURCES)) == len(SERVICES)


def test_no_two_services_take_one_address_or_one_title() -> None:
    """A second row of an address would hide the first, and a sheet's title says where it goes."""
    assert len(SHEET_WAYS) == sum(len(service.contract.SHEET_WAYS) for service in SERVICES)
    assert len(SHEET_TITLES) == sum(len(service.contract.SHEETS) for service in SERVICES)


def test_every_sheet_has_an_address() -> None:
    """A sheet that a service takes is sent to an address of its own, and to no other service."""
    for service in SERVICES:
        ways = service.contract.SHEET_WAYS.values()
        assert {kind for way in ways for kind in way.sheets} == set(service.contract.SHEETS)
        assert all(way.service == service.source for way in ways)


def test_every_event_comes_from_a_source() -> None:
    """The gateway's own events too."""
    assert {owner for owner, _ in payloads()} == set(SOURCES)


def test_every_figure_stands_under_its_service() -> None:
    """Its id begins as the row says, or it would stand in no group of a report; no two services share one."""
    for service in SERVICES:
        ids = [metric.id for metric in service.contract.FIGURES] + [rate.id for rate in service.contract.RATES]
        assert [id for id in ids if not id.startswith(f"{service.figures}.")] == []
        assert len(set(ids)) == len(ids)
    assert len({service.figures for service in SERVICES}) == len(SERVICES)


def test_the_audit_recounts_every_figure() -> None:
    """Every kind of record that a figure counts is recounted by its owner; members covered by the audit itself."""
    recounted = {f"{source}.{kind.aggregate.name}" for source, kind in COUNTED}
    recounted |= {f"{source}.{distinct.keeper.name}" for source, distinct in DISTINCT} | {"study.attendance"}
    sources = {source for metric in METRICS.values() for source in metric.sources}
    assert {".".join(source.split(".")[:2]) for source in sources} == recounted
