"""The demonstration in small: four departments go in by spreadsheet, and every figure is what it must be.

What it must be is counted by the generator from the rows it wrote, by no rule of the platform's.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from python_calamine import CalamineWorkbook
from typer import Typer
from typer.testing import CliRunner

from services.cli.accounts import Accounts
from services.cli.client import Api
from services.cli.load import load
from services.cli.loading import Loaded, Loading, differing
from services.cli.local.platform import Platform
from services.cli.local.process import free_port
from services.cli.parcel import Parcel, unpack
from services.cli.rebuild import rebuild
from services.cli.report import report
from services.cli.sample.days import FIRST, LAST, PHASES
from services.cli.sample.generate import Sample, sample
from services.cli.sample.province import ROOT
from services.organisation.contract import Role
from services.registry import SOURCES

CAMPAIGN, MARCH, SUMMER = (FIRST, LAST), (date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 7, 1), date(2026, 9, 30))


@dataclass
class Demonstration:
    """A platform with the sample in it, as `shengzhi load` left it."""

    url: str
    secrets: Path
    folder: Path
    sample: Sample
    parcel: Parcel
    loaded: Loaded
    settings: dict[str, str]

    @property
    def office(self) -> tuple[str, str, str]:
        """Address, name and password of the campaign office, who sees all figures."""
        account = Accounts(self.secrets).acting(Role.office)
        return self.url, account.id, account.password


@pytest.fixture(scope="module")
def shown(run_folder: Path, fresh_vhosts: Iterator[str], mongo: str) -> Iterator[Demonstration]:
    """The sample in a platform of its own: a tree has one root, and its figures are nobody else's."""
    environment = {
        "SHENGZHI_DATABASE_PREFIX": "demonstration",
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
    }
    home = run_folder / "demonstration"
    with Platform(home, amqp_uri=next(fresh_vhosts), mongo_uri=mongo, environment=environment) as running:
        made, folder = sample(4), run_folder / "sample"
        made.write(folder)
        parcel = unpack(folder)
        with Loading(running.url, parcel, Accounts(running.secrets)) as loading:
            loading.send()
            loading.send_untidy()
            loading.wait()
        Accounts(running.secrets).open_all(running.url)
        yield Demonstration(running.url, running.secrets, folder, made, parcel, loading.loaded, running.settings)


@pytest.fixture
def office(shown: Demonstration) -> Iterator[Api]:
    """The campaign office, signed in."""
    with Api.signed_in(*shown.office) as api:
        yield api


@pytest.mark.row("G1")
@pytest.mark.parametrize("period", [CAMPAIGN, MARCH, SUMMER], ids=["campaign", "month", "quarter"])
def test_figures_are_those_counted_from_the_rows(shown: Demonstration, office: Api, period: tuple[date, date]) -> None:
    """The province's figures, and those of each department beside it, equal an independent recount of the sheets."""
    found = office.report(ROOT, *period)
    assert differing(shown.sample.figures(ROOT, *period), found["figures"]) == {}
    below = shown.sample.province.below(ROOT, period[1])
    assert [(child["unit"], child["name"]) for child in found["children"]] == [(unit.code, unit.name) for unit in below]
    for child in found["children"]:
        assert differing(shown.sample.figures(child["unit"], *period), child["figures"]) == {}


@pytest.mark.row("G1")
def test_a_period_that_is_no_window_has_no_distinct_count(shown: Demonstration, office: Api) -> None:
    """Covered units and members of ten days are null with their reason; everything else is there."""
    period = date(2026, 4, 1), date(2026, 4, 10)
    figures = shown.sample.figures(ROOT, *period)
    counted_once = {id for id in figures if "_covered" in id} | {"study.coverage", "study.unit_coverage"}
    expected = {**figures, **dict.fromkeys(counted_once)}
    found = office.report(ROOT, *period)
    assert differing(expected, found["figures"]) == {}
    assert found["details"]["study.units_covered"]["reason"] == "not_additive"


@pytest.mark.row("O5")
def test_a_phase_of_the_campaign_is_a_period_by_its_number(shown: Demonstration, office: Api) -> None:
    """Its report is that of its days, which are listed with the campaign."""
    (campaign,) = office.get("/campaigns")["items"]
    assert [phase["name"] for phase in campaign["phases"]] == [name for name, _, _ in PHASES]
    for number, (_, first, last) in enumerate(PHASES, start=1):
        named = office.get(f"/reports/{ROOT}", period=f"campaign:{campaign['id']}:{number}")
        assert named["period"] == {"from": first.isoformat(), "to": last.isoformat()}
        assert named["figures"] == office.report(ROOT, first, last)["figures"]


@pytest.mark.row("G1")
def test_the_issued_report_stays_and_names_what_was_corrected_since(shown: Demonstration, office: Api) -> None:
    """One session was corrected after the report of the settled months was issued: by so much, for this reason."""
    (listed,) = office.get(f"/reports/{ROOT}/issues")["items"]
    told = office.get(f"/reports/{ROOT}", **{"as": "issued", "number": listed["number"]})
    assert told["issued"]["intact"]
    since = office.get(f"/reports/{ROOT}/issues/{listed['id']}/corrections")
    assert [item["why"] for item in since["items"]] == ["采纳后核对签到表，少计一人"]
    changed = {id: told["now"][id] - told["figures"][id] for id in since["sums"]}
    assert changed == since["sums"]
    assert set(since["sums"]) <= set(told["differing"])


@pytest.mark.row("G2")
def test_every_figure_opens_to_records_that_sum_to_it(shown: Demonstration, office: Api) -> None:
    """For the province and for one department, page by page, the sum of the records is the figure."""
    for unit in (ROOT, shown.sample.province.departments[1].unit.code):
        found = office.report(unit, *CAMPAIGN)
        for id, detail in found["details"].items():
            if detail["sort"] != "rate":
                assert _summed(office, id, unit) == detail["value"], id


def _summed(api: Api, figure: str, unit: str) -> int:
    """The sum of a figure's records, added up by us."""
    total, page = 0, 1
    while True:
        query: dict[str, str | int] = {"unit": unit, "from": FIRST.isoformat(), "to": LAST.isoformat(), "page": page}
        found = api.get(f"/figures/{figure}/records", **query, page_size=200)
        total += sum(int(item["amount"]) for item in found["items"])
        if page * 200 >= found["total"]:
            assert found["sum"] == total
            return total
        page += 1


@pytest.mark.row("G7")
def test_untidy_sheets_are_refused_row_by_row(shown: Demonstration, office: Api) -> None:
    """Every mistake is named at its row and column with its code, no other; not even the sheets' right rows entered."""
    assert sum(map(len, shown.loaded.refused.values())) >= 25
    assert shown.loaded.unexpected(shown.parcel.refusals) == {}
    branch = shown.sample.province.departments[0].branches[0].code
    held = office.get("/study/sessions", unit=branch, page_size=200)
    assert held["total"] > 0
    assert not [row for row in held["items"] if str(row["number"]).startswith("错")]


@pytest.mark.row("G7")
def test_loading_again_skips_every_row_and_changes_nothing(shown: Demonstration, office: Api) -> None:
    """A second load of the same folder by the command: all rows are skipped, all figures and records stay."""
    before = office.report(ROOT, *CAMPAIGN)
    told = _run("load", str(shown.folder), "--url", shown.url, "--secrets", str(shown.secrets))
    rows = f"{shown.loaded.rows:,}"
    assert f"{rows} 行（其中 {rows} 行内容重复" in told
    assert "与表格逐行清点的结果一致" in told
    after = office.report(ROOT, *CAMPAIGN)
    assert after["as_of"] > before["as_of"]
    assert {**after, "as_of": None} == {**before, "as_of": None}


def test_rebuilding_changes_nothing_that_was_right(
    shown: Demonstration, office: Api, mongo_client: MongoClient[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command replays every journal while reports are read; figures and records are what they were."""
    before = office.report(ROOT, *CAMPAIGN)
    for name, value in shown.settings.items():
        monkeypatch.setenv(name, value)
    told = _run("rebuild", "--folder", str(shown.folder / "nowhere"))
    entries = sum(mongo_client[f"demonstration_{name}"]["journal"].count_documents({}) for name in SOURCES)
    assert f"重建完成并已切换：事实 {entries} 条" in told
    after = office.report(ROOT, *CAMPAIGN)
    assert {**after, "as_of": None} == {**before, "as_of": None}
    assert _summed(office, "hotline.tickets", ROOT) == before["figures"]["hotline.tickets"]
    projection = mongo_client["demonstration_gateway"]["projection"].find_one({"_id": "projection"})
    assert projection is not None
    assert projection["generation"]


def test_a_load_that_does_not_come_out_right_fails(shown: Demonstration, tmp_path: Path) -> None:
    """A figure that is not as counted, or a mistake that was not refused, is told and is the command's status."""
    shutil.copy(shown.folder / "用户名册.xlsx", tmp_path)
    shutil.copytree(shown.folder / "untidy", tmp_path / "untidy")
    told = json.loads((shown.folder / "figures.json").read_text())
    told["figures"]["hotline.tickets"] += 1
    (tmp_path / "figures.json").write_text(json.dumps(told))
    refusals = json.loads((tmp_path / "untidy/refusals.json").read_text())
    refusals["essays"].append({"row": 2, "column": "day", "code": "day.in_future"})
    (tmp_path / "untidy/refusals.json").write_text(json.dumps(refusals))
    said = _run("load", str(tmp_path), "--url", shown.url, "--secrets", str(shown.secrets), status=1)
    expected = told["figures"]["hotline.tickets"]
    assert f"与清点不符：hotline.tickets 应为 {expected}，平台为 {expected - 1}" in said
    assert "退回情况与预期不符：essays [(2, 'day', 'day.in_future')]" in said


@pytest.mark.row("G1")
def test_the_report_command_writes_what_it_prints(shown: Demonstration, tmp_path: Path) -> None:
    """report.json maps each figure to its value; the workbook and the page bear the same; departments side by side."""
    told = _run("report", "--url", shown.url, "--secrets", str(shown.secrets), "--out", str(tmp_path))
    written = json.loads((tmp_path / "report.json").read_text())
    assert differing(shown.sample.figures(), written["figures"]) == {}
    assert (written["unit"], written["period"]) == (ROOT, {"from": "2026-02-01", "to": "2026-10-31"})
    assert written["as_of"]
    tickets = shown.sample.figures()["hotline.tickets"]
    cells = CalamineWorkbook.from_path(str(tmp_path / "report.xlsx")).get_sheet_by_name("汇总").to_python()
    assert [row[2] for row in cells if row[0] == "工单"] == [tickets]
    page = (tmp_path / "report.html").read_text()
    for unit in shown.sample.province.below(ROOT, LAST):
        assert unit.name in told
        assert unit.name in page


def test_a_unit_administrator_reports_their_unit_alone(shown: Demonstration) -> None:
    """Without --unit the command asks for the account's own unit; another's is refused with the reason."""
    own = shown.sample.province.departments[0].unit
    other = shown.sample.province.departments[1].unit
    place = ("--url", shown.url, "--secrets", str(shown.secrets), "--user", "unit-admin")
    assert own.name in _run("report", *place)
    assert "unit.out_of_scope" in _run("report", *place, "--unit", other.code, status=1)


def _run(*arguments: str, status: int = 0) -> str:
    """What the command prints."""
    app = Typer()
    app.command()(load)
    app.command()(report)
    app.command()(rebuild)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status, done.output
    return done.output
