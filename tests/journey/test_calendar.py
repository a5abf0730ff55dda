"""The working calendar as operations keep it: by REST, by its sheet and by the command line; deadlines rest on it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
import python_calamine
from typer.testing import CliRunner

from services.cli.calendar import calendar
from services.kernel.message.instants import read_instant
from services.kernel.sheets.sheet import XLSX, filled
from services.organisation.contract import CALENDAR_SHEET
from tests.eventually import eventually
from tests.journey.province import PASSWORD, ROOT, Province
from tests.journey.test_rest import code, made

YEAR = 2041
SPANS = ("01-01", "02-01", "04-04", "05-01", "06-03", "09-10", "10-01")
NAMES = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
KEYS = tuple(column.key for column in CALENDAR_SHEET.columns[1:8])
TICKET = {"unit": ROOT, "channel": "phone", "kind": "help", "category": "住房", "title": "反映供暖问题"}


def table(year: int, **fields: Any) -> dict[str, Any]:
    """A year's table, each holiday of one day."""
    days = [f"{year}-{day}" for day in SPANS]
    holidays = [{"name": name, "first": day, "last": day} for name, day in zip(NAMES, days, strict=True)]
    return {"holidays": holidays, "source": "样例通知", **fields}


def row(year: int, **cells: Any) -> dict[str, Any]:
    """The same as a row of the sheet."""
    days = zip(KEYS, (f"{year}-{day}" for day in SPANS), strict=True)
    return {"year": year, **dict(days), "source": "样例通知", **cells}


def send(client: httpx.Client, *rows: dict[str, Any]) -> httpx.Response:
    """Rows of the sheet."""
    file = {"file": ("calendar.xlsx", filled(CALENDAR_SHEET, rows), XLSX)}
    return client.post("/calendars/imports", data={"kind": "calendars"}, files=file)


@pytest.mark.row("H3")
def test_operations_enter_a_year_and_replace_it_with_a_reason(province: Province) -> None:
    """Everybody sees the years with their source; nobody but operations enters one, and none is entered half."""
    keeper, agent = province.as_user("keeper"), province.as_user("agent")
    place = f"/calendars/{YEAR}"
    assert code(agent.get(place)) == (404, "calendar.not_found")
    assert code(agent.put(place, json=table(YEAR))) == (403, "role.missing")
    half = table(YEAR, holidays=table(YEAR)["holidays"][:3])
    assert code(keeper.put(place, json=half)) == (422, "calendar.holiday_missing")
    wrong = keeper.put(place, json=table(YEAR, working=[f"{YEAR}-01-03"]))
    assert (code(wrong), wrong.json()["errors"][0]["pointer"]) == ((422, "calendar.days_wrong"), "/working/0")
    assert keeper.put(place, json=table(YEAR)).json() == {"id": str(YEAR), "version": 1}
    assert keeper.put(place, json=table(YEAR)).json()["version"] == 1
    changed = table(YEAR, working=[f"{YEAR}-01-05"])
    assert code(keeper.put(place, json=changed)) == (409, "calendar.reason_missing")
    assert keeper.put(place, json={**changed, "reason": "通知更正"}).json()["version"] == 2
    found = agent.get(place).json()
    assert (found["working"], found["reason"], found["source"]) == ([f"{YEAR}-01-05"], "通知更正", "样例通知")
    years = {each["year"]: each for each in agent.get("/calendars").json()["items"]}
    assert (years[2026]["version"], years[YEAR]["version"]) == (0, 2)
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    followed = province.databases[f"{prefix}_hotline"]["calendars"]
    assert eventually(lambda: (followed.find_one({"_id": YEAR}) or {}).get("days", {}).get(f"{YEAR}-01-05"))


@pytest.mark.row("H3")
@pytest.mark.parametrize("year", ["1948", "2101", "0", "99999", "next"])
def test_a_year_that_nobody_can_mean_is_refused(province: Province, year: str) -> None:
    """By its address already."""
    assert province.as_user("keeper").put(f"/calendars/{year}", json=table(YEAR)).status_code == 422


@pytest.mark.row("H3")
def test_the_sheet_goes_out_and_comes_in_again(province: Province) -> None:
    """Exported and sent in it changes nothing; a new year is taken, another table of it only as a correction."""
    keeper = province.as_user("keeper")
    assert keeper.get("/calendars/templates/calendars.xlsx").status_code == 200
    exported = keeper.get("/calendars/exports/calendars.xlsx").content
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(exported)).get_sheet_by_index(0).to_python()
    file = {"file": ("a.xlsx", exported, XLSX)}
    done = _taken(keeper, keeper.post("/calendars/imports", data={"kind": "calendars"}, files=file))
    assert (done["rows"], done["skipped"]) == (len(sheet) - 1, len(sheet) - 1)
    assert _taken(keeper, send(keeper, row(YEAR + 1)))["skipped"] == 0
    other = row(YEAR + 1, working=f"{YEAR + 1}-01-04")
    assert code(send(keeper, other)) == (422, "import.refused")
    _taken(keeper, send(keeper, {**other, "action": "更正", "reason": "通知更正"}))
    assert keeper.get(f"/calendars/{YEAR + 1}").json()["version"] == 2
    refused = send(keeper, row(YEAR + 2, spring="除夕至初六"), row(YEAR + 3, working=f"{YEAR + 3}-01-05"))
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/rows/2/spring", "/rows/3/working"]
    assert code(keeper.get(f"/calendars/{YEAR + 3}")) == (404, "calendar.not_found")
    assert code(send(province.as_user("office"), row(YEAR + 3))) == (403, "role.missing")


@pytest.mark.row("H3")
def test_the_command_line_lists_exports_and_loads(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As operations with a password of their own; what is wrong in a row is told, and nothing of the sheet is taken."""
    keeper = str(province.as_user("keeper").get("/me").json()["user"])
    monkeypatch.setenv("SHENGZHI_PASSWORD", PASSWORD)
    asked = ["--url", province.platform.url, "--user", keeper]

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(calendar, [*arguments, *asked])
        return done.exit_code, done.output

    file = tmp_path / "years.xlsx"
    assert run("export", str(file))[0] == 0
    assert file.read_bytes()[:2] == b"PK"
    file.write_bytes(filled(CALENDAR_SHEET, [row(YEAR + 4)]))
    assert run("load", str(file))[0] == 0
    status, listed = run("list")
    assert (status, str(YEAR + 4) in listed) == (0, True)
    file.write_bytes(filled(CALENDAR_SHEET, [row(YEAR + 5, national="")]))
    status, told = run("load", str(file))
    assert (status, "第 2 行" in told, "国庆节" in told) == (1, True, True)


@pytest.mark.row("H3")
def test_until_when_a_ticket_is_to_be_answered_is_a_day(province: Province) -> None:
    """The last day on which an answer is on time, beside the instant from which it is late; praise has neither."""
    agent, supervisor = province.as_user("agent"), province.as_user("supervisor")
    received = {"received": "2026-10-30T09:00:00.5"}
    id = made(agent.post("/hotline/tickets", json={**TICKET, **received}))["id"]
    found = agent.get(f"/hotline/tickets/{id}").json()
    assert (found["received"], found["answer_by"], found["limit"]) == (
        "2026-10-30T01:00:00.500000Z",
        "2026-11-13",
        "2026-11-13（含当日）",
    )
    assert read_instant(found["deadline"]) == read_instant("2026-11-14 00:00")
    made(agent.post(f"/hotline/tickets/{id}/classifications", json={"kind": "praise", "category": "作风"}))
    found = agent.get(f"/hotline/tickets/{id}").json()
    assert (found["answer_by"], found["waits_for"], found["limit"]) == (None, None, "不设时限")
    made(supervisor.post(f"/hotline/tickets/{id}/voids", json={"reason": "测试结束"}))


@pytest.mark.row("H1")
@pytest.mark.parametrize("received", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1789000000", "昨天", 0])
def test_an_instant_that_nobody_can_mean_is_refused(province: Province, received: Any) -> None:
    """With a pointer to the field; a day of a list likewise."""
    refused = province.as_user("agent").post("/hotline/tickets", json={**TICKET, "received": received})
    assert code(refused) == (422, "request.invalid")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/received"]
    for name, day in (("from", "0001-01-01"), ("to", "9999-12-31")):
        assert province.as_user("agent").get("/hotline/tickets", params={name: day}).status_code == 422


def _taken(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """An import once it is applied."""
    assert answer.status_code == 202, answer.text

    def applied() -> dict[str, Any] | None:
        state: dict[str, Any] = client.get(f"/calendars/imports/{answer.json()['id']}").json()
        return state if state["state"] == "applied" else None

    found = eventually(applied)
    assert found is not None
    return found
