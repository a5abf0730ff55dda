"""Loading a folder: what goes where and in which order, as whom, and what is made of the answers."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from services.cli.accounts import FILE, Accounts
from services.cli.client import Api, Refused, RowRefused
from services.cli.load import place_of, refusals
from services.cli.loading import Loaded, differing
from services.cli.parcel import Parcel, unpack
from services.cli.sample.generate import sample
from services.cli.terminal import WIDTH, console
from services.cli.workbook import workbook
from services.kernel.sheets.reading import read
from services.organisation.contract import SHEETS, Role

Answers = Callable[[httpx.Request], httpx.Response]
STATE = {"id": "7", "rows": 3, "skipped": 1, "applied": 0, "state": "accepted", "recorded_until": None, "failures": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample on disk."""
    place = tmp_path_factory.mktemp("sample")
    sample(3).write(place)
    return place


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two questions the client waits; the tests do not."""
    monkeypatch.setattr("services.cli.client.time.sleep", lambda seconds: None)


def api(answers: Answers) -> Api:
    """The client against answers of the test's own."""
    return Api(httpx.Client(base_url="http://platform/api/v1", transport=httpx.MockTransport(answers)))


def in_turn(*answers: httpx.Response) -> tuple[Answers, list[httpx.Request]]:
    """One answer after the other, and the requests that they were given to."""
    left, asked = list(answers), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return left.pop(0)

    return answer, asked


def test_a_parcel_is_loaded_in_its_order(folder: Path) -> None:
    """Units, users and members first, ledgers before their supplements, and the untidy sheets in neither."""
    parcel = unpack(folder)
    kinds = [part.kind for part in (*parcel.units, *parcel.users, *parcel.members)]
    assert kinds == ["units", "users", "members"]
    folders = [{part.file.parent.name for part in batch} for batch in parcel.batches]
    assert folders == [{"1-ledgers"}, {"2-supplements"}, {"3-progress"}, {"4-by-list"}, {"5-attendance"}, {"6-joint"}]
    assert {part.area for part in parcel.batches[0]} == {"study", "research", "hotline"}
    assert [part.kind for part in parcel.untidy] == list(parcel.refusals)
    assert {part.area for part in parcel.untidy} == {"members", "study", "research", "hotline"}
    assert parcel.campaign is not None
    made = sample(3)
    assert parcel.excuses == made.lists.excuses != []
    assert parcel.rows == sum(len(rows) for book in made.books[:-1] for rows in book.sheets.values())


def test_a_folder_without_sheets_of_ours_is_said_to_be_one(tmp_path: Path) -> None:
    """A mistyped folder is an error, not an empty success."""
    with pytest.raises(FileNotFoundError, match="没有可导入的表格"):
        unpack(tmp_path)


def test_passwords_are_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    """Each account gets a password of its own; a second load knows them; a password in the sheet is left."""
    rows = [
        {"id": "office", "name": "样例·甲", "role": "主题教育办", "unit": "GW"},
        {"id": "agent", "name": "样例·乙", "role": "坐席", "unit": "GW", "password": "given-by-hand"},
    ]
    users = workbook({"users": rows})  # type: ignore[dict-item]
    filled = Accounts(tmp_path).with_passwords(users)
    first = {account.id: account.password for account in Accounts(tmp_path).all}
    assert len(first["office"]) >= 8
    assert first["agent"] == "given-by-hand"
    again = Accounts(tmp_path)
    assert again.with_passwords(users) == filled
    accounts, roles = (read(SHEETS["users"], data).rows for data in filled)
    assert all(row["password"] and not row["role"] for row in accounts)
    assert [(row["role"], row["password"]) for row in roles] == [("主题教育办", ""), ("坐席", "")]
    assert {account.id: account.password for account in again.all} == first
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert again.acting(Role.office).id == "office"
    with pytest.raises(Refused, match="没有“评委”的账号"):
        again.acting(Role.judge)


def test_a_service_that_is_away_is_asked_again_with_the_same_key() -> None:
    """Repeating is harmless: the key is the command's id, and the file is the same."""
    away = httpx.Response(503, json={"code": "service.unavailable", "detail": "暂时不可用"})
    done = httpx.Response(
        202, json={**STATE, "state": "applied", "applied": 3, "recorded_until": "2026-11-24T09:00:00Z"}
    )
    answers, asked = in_turn(away, done)
    applied: list[int] = []
    imported = api(answers).upload("study", "sessions", "台账.xlsx", b"...", applied.append)
    assert len({request.headers["Idempotency-Key"] for request in asked}) == 1
    assert (imported.rows, imported.skipped, sum(applied)) == (3, 1, 3)


def test_a_service_that_stays_away_is_an_error_with_its_reason() -> None:
    """The command gives up in the end, and says what the platform said."""
    problem = {"code": "service.unavailable", "detail": "服务 study 暂时不可用"}
    with pytest.raises(Refused, match="服务 study 暂时不可用"):
        api(lambda request: httpx.Response(503, json=problem)).get("/me")


def test_a_platform_that_cannot_be_reached_is_named() -> None:
    """No connection is no traceback."""

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Refused, match="无法连接平台 http://platform"):
        api(unreachable).get("/me")


def test_an_answer_that_is_none_of_ours_is_an_error() -> None:
    """A proxy's page in the way is said to be one."""
    with pytest.raises(Refused, match="答复 404"):
        api(lambda request: httpx.Response(404, text="<html>")).get("/me")


def test_an_upload_lasts_until_its_last_row_is_recorded() -> None:
    """Progress is told as it comes, in sum the sheet's rows."""
    answers, asked = in_turn(
        httpx.Response(202, json=STATE),
        httpx.Response(200, json={**STATE, "applied": 2}),
        httpx.Response(200, json={**STATE, "applied": 3, "state": "applied", "recorded_until": "2026-11-24T09:00:00Z"}),
    )
    applied: list[int] = []
    api(answers).upload("study", "sessions", "台账.xlsx", b"...", applied.append)
    assert applied == [0, 2, 1]
    assert asked[-1].url.path == "/api/v1/study/imports/7"


def test_a_refused_sheet_tells_every_row_with_its_code() -> None:
    """The problem names rows for people, the import behind it their codes for programs."""
    row = {"row": 3, "column": "due", "code": "cell.invalid", "detail": "“应到”应为整数"}
    answers, asked = in_turn(
        httpx.Response(422, json={"code": "import.refused", "detail": "1 行有误"}, headers={"X-Import-Id": "7"}),
        httpx.Response(200, json={**STATE, "state": "refused", "errors": [row]}),
    )
    with pytest.raises(Refused, match="1 行有误") as refusal:
        api(answers).upload("study", "sessions", "台账.xlsx", b"...")
    assert refusal.value.rows == [RowRefused(3, "due", "cell.invalid", "“应到”应为整数")]
    assert len(asked) == 2


def test_only_what_differs_is_told() -> None:
    """Counts must be equal, rates to the last digit that is reported; null is only null."""
    expected = {"a": 3, "b": 0.25, "c": None, "d": 1}
    assert differing(expected, {"a": 3, "b": 0.25, "c": None, "d": 1, "e": 9}) == {}
    assert differing(expected, {"a": 4, "b": 0.26, "c": 0}) == {
        "a": (3, 4),
        "b": (0.25, 0.26),
        "c": (None, 0),
        "d": (1, None),
    }


def test_a_mistake_that_was_not_seen_is_as_bad_as_one_that_is_none(folder: Path) -> None:
    """Refusals are compared both ways, and a sheet that was taken whole is missing all of its own."""
    parcel = unpack(folder)
    loaded = Loaded(refused={kind: _rows(parcel, kind) for kind in parcel.refusals})
    assert loaded.unexpected(parcel.refusals) == {}
    seen = loaded.refused["sessions"].pop()
    loaded.refused["essays"].append(RowRefused(99, "day", "day.in_future", ""))
    loaded.refused["lectures"] = []
    assert loaded.unexpected(parcel.refusals) == {
        "sessions": {(seen.row, seen.column, seen.code)},
        "essays": {(99, "day", "day.in_future")},
        "lectures": parcel.refusals["lectures"],
    }


def test_refusals_are_shown_row_by_row(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sheet, row, reason and code, unfolded in a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)
    parcel = unpack(folder)
    shown = console()
    assert shown.width == WIDTH
    shown.print(
        refusals(parcel, Loaded(refused={"tickets": [RowRefused(12, "handler", "ticket.reported_unit", "不得派给")]}))
    )
    line = next(line for line in capsys.readouterr().out.splitlines() if "ticket.reported_unit" in line)
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "工单历史台账",
        "12",
        "不得派给",
        "ticket.reported_unit",
    ]


def test_without_a_platform_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    """Nothing given and nothing running: the reason and the way out."""
    with pytest.raises(Refused, match="shengzhi up"):
        place_of(tmp_path)
    assert place_of(tmp_path, "http://elsewhere", tmp_path) == ("http://elsewhere", tmp_path)


def test_the_expected_figures_lie_beside_the_sheets(folder: Path) -> None:
    """Whoever loads the sample can check it without the generator."""
    told = json.loads((folder / "figures.json").read_text())
    assert told["figures"] == sample(3).figures()
    assert told["period"] == {"from": "2026-02-01", "to": "2026-10-31"}


def _rows(parcel: Parcel, kind: str) -> list[RowRefused]:
    return [RowRefused(row, column, code, "") for row, column, code in parcel.refusals[kind]]
