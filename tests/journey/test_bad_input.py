"""What must be refused, is: as RFC 9457 with a stable code, and nothing is changed by it."""

from __future__ import annotations

import io
import os
import re
import socket
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import python_calamine
import xlsxwriter

from services.cli.local.process import Process, free_port, wait_ready
from services.kernel.sheets.sheet import XLSX, Sheet
from services.organisation.contract import SHEETS as GATEWAY
from services.study.contract import SHEETS
from tests.eventually import PATIENCE
from tests.journey.province import PASSWORD, Province
from tests.unit.kernel.workbooks.made import Book, Page, ods, ods_cell, ods_row, text, texts
from tests.unit.kernel.workbooks.made import row as line

SESSION: dict[str, Any] = {
    "unit": "D001-B01",
    "day": "2026-03-05",
    "way": "branch",
    "form": "theme_day",
    "title": "三月主题党日",
    "due": 20,
}
Lonely = Callable[[str], httpx.Client]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BIG = 20 * 1024 * 1024


@pytest.fixture(scope="module")
def before(province: Province) -> tuple[dict[str, int], dict[str, Any]]:
    """All there is, once what earlier tests did has reached the figures."""
    province.settled(datetime.now(UTC))
    return province.counts(), province.report()["figures"]


@pytest.fixture(autouse=True)
def unchanged(province: Province, before: tuple[dict[str, int], dict[str, Any]]) -> Iterator[None]:
    """After each test there is what there was, and it counts what it counted."""
    yield
    assert (province.counts(), province.report()["figures"]) == before


@pytest.fixture
def finance(province: Province) -> httpx.Client:
    return province.as_user("finance")


@pytest.fixture
def water(province: Province) -> httpx.Client:
    return province.as_user("water")


def refused(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """The answer is a problem in all its parts."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "code", "trace_id", "errors"}
    assert (told["status"], told["code"]) == (status, code), told
    assert CHINESE.search(told["title"])
    assert CHINESE.search(told["detail"])
    assert re.fullmatch(r"[0-9a-f]{32}", told["trace_id"])
    if pointer is not None:
        assert pointer in {error["pointer"] for error in told["errors"]}, told
        assert all(CHINESE.search(error["detail"]) for error in told["errors"])
    return told


def workbook(*rows: dict[str, Any], sheet: Sheet = SHEETS["sessions"]) -> bytes:
    """A sheet as a unit would send it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet(sheet.title)
        for place, column in enumerate(sheet.columns):
            page.write(0, place, column.header)
            for number, row in enumerate(rows, start=1):
                page.write(number, place, row.get(column.key, ""))
    return out.getvalue()


def row(**fields: Any) -> dict[str, Any]:
    return {
        "number": "B-1",
        "unit": "D001-B01",
        "day": "2026-03-05",
        "title": "学习",
        "way": "研学",
        "form": "研讨",
        "due": 20,
        **fields,
    }


def upload(client: httpx.Client, data: bytes, kind: str = "sessions", **headers: str) -> httpx.Response:
    files = {"file": ("台账.xlsx", data, XLSX)}
    return client.post("/study/imports", data={"kind": kind}, files=files, headers=headers)


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"unit": "D999"}, 404, "unit.unknown", "/unit"),
        ({"unit": "不存在"}, 404, "unit.unknown", "/unit"),
        ({"unit": "x" * 5000}, 404, "unit.unknown", "/unit"),
        ({"day": "2099-01-01"}, 422, "day.in_future", "/day"),
        ({"day": "2026-02-30"}, 422, "request.invalid", "/day"),
        ({"day": 20260305}, 422, "request.invalid", "/day"),
        ({"due": -1}, 422, "request.invalid", "/due"),
        ({"due": 1.5}, 422, "request.invalid", "/due"),
        ({"due": 10**30}, 422, "request.invalid", "/due"),
        ({"absences": [{"reason": "absent", "count": -3}]}, 422, "request.invalid", "/absences/0/count"),
        ({"present": -1}, 422, "request.invalid", "/present"),
        ({"present": 21}, 422, "session.present_exceeds_due", "/present"),
        ({"present": 19}, 422, "session.present_disagrees", "/present"),
        ({"absences": [{"reason": "absent", "count": 21}]}, 422, "session.absences_exceed_due", "/absences"),
        ({"form": "programme"}, 422, "session.form_mismatch", "/form"),
        ({"way": "night"}, 422, "request.invalid", "/way"),
        ({"title": ""}, 422, "request.invalid", "/title"),
        ({"title": "字" * 121}, 422, "request.invalid", "/title"),
        ({"title": "空\0字"}, 422, "request.malformed", None),
        ({"title": None}, 422, "request.invalid", "/title"),
        ({"id": "mine"}, 422, "request.invalid", "/id"),
        ({"hours": 2}, 422, "request.invalid", "/hours"),
        ({"due": None, "named": [{"member": "DY-1", "reason": "duty"}] * 1001}, 422, "request.invalid", "/named"),
    ],
)
def test_a_session_that_cannot_be(
    finance: httpx.Client, change: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    """A field that is wrong is named by its pointer, in Chinese, with a code that never changes."""
    refused(finance.post("/study/sessions", json={**SESSION, **change}), status, code, pointer)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"due": NaN}', b'"' + b"x" * 100])
def test_bodies_that_are_no_session(finance: httpx.Client, body: bytes) -> None:
    """What is not JSON, or not an object, is 422."""
    answer = finance.post("/study/sessions", content=body, headers={"Content-Type": "application/json"})
    told = refused(answer, 422, answer.json()["code"])
    assert told["code"] in {"request.invalid", "request.malformed"}


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/vnd.api+json"])
def test_json_nested_too_deep(finance: httpx.Client, kind: str) -> None:
    """Nesting that no form of ours has is refused before it is read, whatever the body is called."""
    deep = b'{"title":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    answer = finance.post("/study/sessions", content=deep, headers={"Content-Type": kind})
    refused(answer, 422, answer.json()["code"])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"number,unit\n1,D001", "file.not_a_spreadsheet"),
        (b"", "file.not_a_spreadsheet"),
        (b"%PDF-1.7 " + bytes(2000), "file.not_a_spreadsheet"),
        (b"PK\x03\x04" + bytes(2000), "file.not_a_spreadsheet"),
        (workbook(), "file.empty"),
        (workbook(row(), sheet=SHEETS["essays"]), "file.columns_missing"),
    ],
)
def test_a_file_that_is_no_spreadsheet_of_ours(finance: httpx.Client, data: bytes, code: str) -> None:
    """A file that cannot be read as the sheet it should be is refused as a whole."""
    refused(upload(finance, data), 422, code, "/file")


def test_a_small_file_that_becomes_huge(finance: httpx.Client) -> None:
    """A packed file that would fill the memory is refused by what it says of itself, before it is unpacked."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(300):
            part.write(bytes(1024 * 1024))
    refused(upload(finance, out.getvalue()), 413, "file.too_large_unpacked", "/file")


def test_wrong_rows_are_named_one_by_one(finance: httpx.Client) -> None:
    """Every wrong cell of a sheet is told by row and column; the good rows of the sheet are not taken either."""
    wrong: dict[int, tuple[dict[str, Any], str]] = {
        3: ({"unit": "D999"}, "unit"),
        4: ({"unit": "D002-B01"}, "unit"),
        5: ({"day": "2099-12-31"}, "day"),
        6: ({"due": -20}, "due"),
        7: ({"present": 21}, "present"),
        8: ({"title": ""}, "title"),
        9: ({"due": "二十"}, "due"),
    }
    rows = [row(number="N-2"), *(row(number=f"N-{at}", **change) for at, (change, _) in wrong.items())]
    told = refused(upload(finance, workbook(*rows)), 422, "import.refused", "/rows/3/unit")
    assert [error["pointer"] for error in told["errors"]] == [f"/rows/{at}/{key}" for at, (_, key) in wrong.items()]
    marked = upload(finance, workbook(*rows), Accept=XLSX)
    assert (marked.status_code, marked.headers["content-type"]) == (422, XLSX)
    page = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(marked.content)).get_sheet_by_index(0).to_python()
    assert [line[-1] != "" for line in page] == [True, False, *(True for _ in wrong)]
    assert page[0][-1] == "错误"


def test_a_body_of_20_mb(finance: httpx.Client) -> None:
    """413, for a file and for JSON, whether its length is told or not."""
    refused(upload(finance, bytes(BIG)), 413, "body.too_large")
    json = {"Content-Type": "application/json"}
    refused(finance.post("/study/sessions", content=b" " * BIG, headers=json), 413, "body.too_large")
    pieces = (b" " * 65536 for _ in range(BIG // 65536))
    refused(finance.post("/study/sessions", content=pieces, headers=json), 413, "body.too_large")


def test_a_content_length_that_lies(province: Province, finance: httpx.Client) -> None:
    """A length that promises more than comes is no crash, and one that promises 20 MB is refused unread."""
    token = finance.headers["Authorization"]
    head = f"POST /api/v1/study/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {BIG}\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", province.platform.http_port), timeout=PATIENCE)) as line:
        line.sendall(head.encode() + b"{}")
        answer = line.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 413")
    assert '"body.too_large"' in answer


def test_headers_without_end(province: Province) -> None:
    """A request whose headers go on past 64 KiB is refused, and its connection closed."""
    with closing(socket.create_connection(("127.0.0.1", province.platform.http_port), timeout=PATIENCE)) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ")
        with suppress(ConnectionError):  # it may be closed while there is more to send
            for _ in range(1024):
                line.sendall(b"x" * 1024)
        with suppress(ConnectionError):
            assert line.makefile("rb").read(12) in (b"HTTP/1.1 400", b"")
    with closing(socket.create_connection(("127.0.0.1", province.platform.http_port), timeout=PATIENCE)) as line:
        for piece in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ", b"x" * 9000, b"\r\nConnection: close\r\n\r\n"):
            line.sendall(piece)
            time.sleep(0.05)
        assert line.makefile("rb").read(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "token.missing"),
        ("", "token.missing"),
        ("Basic eDp5", "token.missing"),
        ("Bearer", "token.missing"),
        ("Bearer nonsense", "token.invalid"),
        ("Bearer " + "x" * 4000, "token.invalid"),
    ],
)
def test_tokens_that_open_nothing(province: Province, authorization: str | None, code: str) -> None:
    """Without a token or with a wrong one: 401, and how to sign in is said in the header."""
    headers = {} if authorization is None else {"Authorization": authorization}
    with httpx.Client(base_url=f"{province.platform.url}/api/v1", headers=headers) as client:
        for answer in (client.get("/reports/P000"), client.post("/study/sessions", json=SESSION)):
            refused(answer, 401, code)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_token(province: Province) -> None:
    """A token past its hour is 401 token.expired, and so is none that was signed out."""
    with httpx.Client(base_url=f"{province.platform.url}/api/v1") as client:
        token = client.post("/tokens", json={"name": "water", "password": PASSWORD}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get("/me").status_code == 200
        prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
        store = province.databases[f"{prefix}_gateway"]
        newest = store["sessions"].find_one_and_update(
            {"user": "water"}, {"$set": {"expires": datetime.now(UTC) - timedelta(seconds=1)}}, sort=[("created", -1)]
        )
        assert newest is not None
        store["access"].update_one({}, {"$inc": {"version": 1}})
        refused(client.post("/study/sessions", json=SESSION), 401, "token.expired")
        token = client.post("/tokens", json={"name": "water", "password": PASSWORD}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.delete("/tokens/current").status_code == 204
        refused(client.get("/me"), 401, "token.invalid")


def test_another_units_record(province: Province, water: httpx.Client, finance: httpx.Client) -> None:
    """What lies outside the caller's subtree is neither shown nor changed, by list, id, figure or sheet."""
    refused(water.post("/study/sessions", json=SESSION), 403, "unit.out_of_scope")
    refused(water.get("/study/sessions", params={"unit": "D001"}), 403, "unit.out_of_scope")
    refused(water.get("/study/sessions", params={"unit": "P000"}), 403, "unit.out_of_scope")
    refused(water.get("/reports/D001-B01"), 403, "unit.out_of_scope")
    refused(water.get("/figures/study.essays/records", params={"unit": "D001"}), 403, "unit.out_of_scope")
    refused(water.get("/units/D001"), 403, "unit.out_of_scope")
    told = refused(upload(water, workbook(row())), 422, "import.refused", "/rows/2/unit")
    assert "D001-B01" in told["errors"][0]["detail"]


def test_units_outside_ones_subtree(province: Province) -> None:
    """Somebody who manages the units of one department adds none to another, one by one or by sheet."""
    client = province.as_user("units-of-finance")
    unit = {"id": "D002-B09", "name": "x", "kind": "branch", "parent": "D002", "active_from": "2026-01-01"}
    refused(client.post("/units", json=unit), 403, "unit.out_of_scope")
    described = GATEWAY["units"]
    rows = [
        {"id": "D001-B09", "name": "x", "kind": "党支部", "parent": "D001", "active_from": "2026-01-01"},
        {"id": "D002-B09", "name": "x", "kind": "党支部", "parent": "D002", "active_from": "2026-01-01"},
    ]
    files = {"file": ("x.xlsx", workbook(*rows, sheet=described), XLSX)}
    told = client.post("/units/imports", data={"kind": "units"}, files=files)
    refused(told, 403, "unit.out_of_scope", "/rows/3/parent")


@pytest.fixture(scope="module")
def lonely(
    province: Province, fresh_vhosts: Iterator[str], run_folder: Path
) -> Iterator[Callable[[str], httpx.Client]]:
    """Another API process on the same store, with a bus on which no service listens, or with no bus at all."""
    with ExitStack() as leaving:

        def started(bus: str) -> httpx.Client:
            port = free_port()
            own = {"SHENGZHI_AMQP_URI": next(fresh_vhosts) if bus == "empty" else f"amqp://127.0.0.1:{free_port()}//"}
            own |= {"SHENGZHI_HTTP_PORT": str(port), "SHENGZHI_GRPC_PORT": str(free_port())}
            command = [sys.executable, "-m", "services.cli", "api"]
            settings = {**os.environ, **province.platform.settings, **own}
            process = Process(f"api-{bus}", command, run_folder / "logs" / f"api-{bus}.log", settings)
            process.start()
            leaving.callback(process.stop)
            headers = {"Authorization": province.as_user("secretary").headers["Authorization"]}
            address = f"http://127.0.0.1:{port}"
            client = leaving.enter_context(
                httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=PATIENCE)
            )
            wait_ready(process, lambda: ready(f"{address}/readyz"), 30)
            return client

        yield cache(started)


def ready(address: str) -> bool:
    """Whether the process says that it can do its work."""
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("bus", ["empty", "none"])
def test_a_service_that_is_down(lonely: Lonely, bus: str) -> None:
    """Without the service, or without the broker, writes are 503 at once and reads of figures go on."""
    client = lonely(bus)
    before = time.monotonic()
    answer = client.post("/study/sessions", json=SESSION)
    refused(answer, 503, "service.unavailable")
    assert answer.headers["Retry-After"]
    assert time.monotonic() - before < 6
    refused(client.get("/study/sessions"), 503, "service.unavailable")
    assert client.get("/reports/D001-B01").status_code == 200
    assert client.get("/me").json()["user"] == "secretary"


def test_what_a_role_may_not(province: Province, finance: httpx.Client) -> None:
    """A role that does not have an action is 403 role.missing: members write nothing, units open no campaign."""
    member = province.as_user("member")
    refused(member.post("/study/sessions", json=SESSION), 403, "role.missing")
    refused(member.get("/reports/D001-B01"), 403, "role.missing")
    campaign = {"id": "C9", "name": "x", "opens": "2027-01-01", "closes": "2027-02-01"}
    refused(finance.post("/campaigns", json=campaign), 403, "role.missing")
    unit = {"id": "D009", "name": "x", "kind": "branch", "parent": "D001", "active_from": "2026-01-01"}
    refused(finance.post("/units", json=unit), 403, "role.missing")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "route.unknown"),
        ("GET", "/study/sessions/none", 404, "record.not_found"),
        ("PUT", "/study/sessions", 405, "method.not_allowed"),
        ("BREW", "/study/sessions", 405, "method.not_allowed"),
        ("GET", "/study/sessions?page_size=201", 422, "request.invalid"),
        ("GET", "/study/sessions?page=0", 422, "request.invalid"),
        ("GET", "/study/sessions?from=yesterday", 422, "request.invalid"),
        ("GET", "/study/sessions?colour=red", 422, "request.invalid"),
        ("GET", "/study/sessions?q=%00", 422, "request.malformed"),
        ("GET", "/units?q=%00", 422, "request.malformed"),
        ("GET", "/reports/D001?from=2026-03-31&to=2026-03-01", 422, "period.invalid"),
        ("GET", "/reports/D001?from=0001-01-01&to=0001-01-31&compare=before,year", 422, "request.invalid"),
        ("GET", "/reports/D001?compare=never", 422, "request.invalid"),
        ("GET", "/reports/D001?compare=before&compare=year", 422, "request.repeated"),
        ("GET", "/study/sessions?unit=D001&unit=D002", 422, "request.repeated"),
        ("GET", "/figures/none/records?unit=D001", 404, "figure.unknown"),
        ("GET", "/figures/study.attendance_rate/records?unit=D001", 422, "figure.is_a_rate"),
        ("GET", "/study/templates/none.xlsx", 404, "import.kind_unknown"),
        ("GET", "/none/imports/x", 404, "import.not_found"),
    ],
)
def test_addresses_and_queries(finance: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    """Unknown addresses, methods and query fields are problems like any other."""
    refused(finance.request(method, path), status, code)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-Match", "one"),
        ("If-Match", "\u00b2".encode("latin-1").decode("latin-1")),
        ("If-Match", "9" * 5000),
        ("Idempotency-Key", "k" * 129),
    ],
)
def test_headers_that_say_nothing(finance: httpx.Client, name: str, value: str) -> None:
    """A version that is no number and a key that is too long are refused, not guessed at."""
    headers = {name.encode(): value.encode("latin-1")}
    refused(finance.post("/study/sessions", json=SESSION, headers=headers), 422, "request.invalid")


def raw_book(*pages: Page) -> bytes:
    return Book(pages, formats=("General", "0%", "yyyy-mm-dd")).bytes()


HEAD = ("本单位编号", "单位编码", "日期", "标题", "方式", "形式", "应到", "缺席")
GOOD = ("S-1", "D001-B01", "2026-03-05", "学习", "研学", "研讨", "20")


def test_a_cell_that_cannot_be_read_is_refused_by_name(finance: httpx.Client) -> None:
    """An error in an optional column is not its default; it comes with what else is wrong, tab by tab."""
    absent = '<c r="H{}" t="e"><v>#N/A</v></c>'

    def page(title: str, **more: Any) -> Page:
        cells = [text(f"{chr(65 + place)}2", told) for place, told in enumerate(GOOD)]
        more_cells = [text(f"{chr(65 + place)}3", told) for place, told in enumerate(("S-2", "D999", *GOOD[2:]))]
        return Page(title, texts(1, *HEAD) + line(2, *cells, absent.format(2)) + line(3, *more_cells), **more)

    one = refused(upload(finance, raw_book(page("台账"))), 422, "import.refused")
    assert [error["pointer"] for error in one["errors"]] == ["/rows/2/absent", "/rows/3/unit"]
    two = raw_book(page("一月"), page("二月"), page("藏", state="hidden"))
    told = refused(upload(finance, two), 422, "import.refused")
    assert [error["pointer"] for error in told["errors"]] == [
        *("/tabs/一月/rows/2/absent", "/tabs/一月/rows/3/unit", "/tabs/二月/rows/2/absent", "/tabs/二月/rows/3/unit")
    ]
    marked = upload(finance, two, Accept=XLSX)
    assert marked.headers["X-Wrong-Rows"] == "4"
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(marked.content))
    assert book.sheet_names == ["一月", "二月"]
    reasons = [str(row[-1]) for row in book.get_sheet_by_name("二月").to_python()[1:]]
    assert [["缺席" in each, "D999" in each] for each in reasons] == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ((*HEAD[:-1], "缺席人数"), "“缺席人数”不是本表的列，是否应为“缺席”"),
        ((*HEAD, "缺 席"), "重复"),
    ],
)
def test_a_column_that_is_not_described_is_refused(finance: httpx.Client, head: tuple[str, ...], said: str) -> None:
    """It is not left out in silence."""
    data = raw_book(Page("台账", texts(1, *head) + texts(2, *GOOD, "3")))
    told = refused(upload(finance, data), 422, "file.columns_wrong", "/file")
    assert said in told["errors"][0]["detail"]


def test_files_made_to_break_their_reader(finance: httpx.Client) -> None:
    """A cell in the last corner, rows repeated a million times, entities: refused in seconds, and the API goes on."""
    far = raw_book(Page("台账", texts(1, *HEAD) + texts(2, *GOOD) + line(1_048_576, text("XFD1048576", "x"))))
    repeated = ods(("台账", ods_row(*[ods_cell("x")] * 3, repeated=1_048_576)))
    entities = Book([Page("台账", "")], more={"xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "a">]><workbook/>'}).bytes()
    for data, status, code in (
        (far, 422, "file.columns_wrong"),
        (repeated, 413, "file.too_many_cells"),
        (entities, 422, "file.not_a_spreadsheet"),
    ):
        refused(upload(finance, data), status, code, "/file")
        assert finance.get("/me").status_code == 200


def test_a_number_that_may_be_another_is_refused(finance: httpx.Client) -> None:
    """By REST as by sheet: characters that turn the order of what is shown."""
    told = refused(finance.post("/study/sessions", json={**SESSION, "number": "I1\u202e"}), 422, "request.invalid")
    assert told["errors"][0]["pointer"] == "/number"
    data = workbook(row(number="I1\u202e"))
    refused(upload(finance, data), 422, "import.refused", "/rows/2/number")
