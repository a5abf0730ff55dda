"""Reading in a process of its own: its limits end it, and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from services.kernel.message.errors import DomainError
from services.kernel.sheets.archive import MOST_UNPACKED
from services.kernel.sheets.outside import Outside
from services.kernel.sheets.reading import read as read_here
from services.kernel.sheets.sheet import RowError, Sheet
from services.kernel.sheets.sheet_tasks import read, tab_rows, with_errors
from services.study.contract import SHEETS
from tests.eventually import PATIENCE
from tests.unit.kernel.workbooks.made import Book, Page, number, ods, ods_cell, ods_row, packed, row, text, texts

SHEET: Sheet = SHEETS["sessions"]
HEADERS = [column.header for column in SHEET.columns]


@contextmanager
def reader(**limits: Any) -> Iterator[Outside]:
    made = Outside(**limits)
    try:
        yield made
    finally:
        made.close()


SMALL = Book([Page("x", texts(1, "a"), "visible"), Page("y", "")]).bytes()


def read_by(reader: Outside, data: bytes) -> bytes:
    return reader.run("titles", data, {})


def far(at: str, *, blank: bool = False) -> bytes:
    """A small sheet with one cell far away."""
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet(SHEET.title)
        page.write_row(0, 0, HEADERS)
        page.write_row(1, 0, ["X-1"] * len(HEADERS))
        if blank:
            page.write_blank(at, None, book.add_format({"bold": True}))
        else:
            page.write(at, "x")
    return out.getvalue()


def refusal(data: bytes) -> DomainError:
    """The refusal of a file, which does not take long."""
    started = time.monotonic()
    with pytest.raises(DomainError) as refused:
        read(SHEET, data)
    assert time.monotonic() - started < PATIENCE
    assert [error["pointer"] for error in refused.value.errors][:1] == ["/file"]
    return refused.value


def test_what_is_read_outside_is_what_is_read() -> None:
    """The same rows, types and refusals as in this process; the marked sheet too."""
    data = far("A3")
    assert read(SHEET, data) == read_here(SHEET, data)
    assert tab_rows(data) == {SHEET.title: 2}
    marked = with_errors(SHEET, data, [RowError(2, "due", "x", "“应到”应为整数")])
    assert read(SHEET, marked).passed_over == ["“错误”列"]
    assert refusal(b"%PDF").code == "file.not_a_spreadsheet"


def test_a_cell_in_the_last_corner_is_refused_at_once() -> None:
    """The extent that a file declares or has costs nothing: only what is filled is kept."""
    assert "XFD 列" in refusal(far("XFD1048576")).detail
    assert [each["_row"] for each in read(SHEET, far("A1048576")).rows] == [2, 1_048_576]
    assert len(read(SHEET, far("A1048576", blank=True)).rows) == 1
    declared = Book([Page(SHEET.title, texts(1, *HEADERS), dimension="A1:XFD1048576")]).bytes()
    assert refusal(declared).code == "file.empty"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ods((SHEET.title, ods_row(*[ods_cell("x")] * 3, repeated=1_048_576))), "file.too_many_cells"),
        (ods((SHEET.title, ods_row(ods_cell("x", table_number_columns_repeated="999999999")))), "file.extent"),
        (ods((SHEET.title, ods_row(ods_cell("x"), repeated=1_048_577))), "file.extent"),
        (Book([Page("x", row(1_048_577, text("A1048577", "x")))]).bytes(), "file.extent"),
        (Book([Page("x", row(1, text("XFE1", "x")))]).bytes(), "file.extent"),
        (Book([Page("x", row(2, text("A3", "x")))]).bytes(), "file.not_a_spreadsheet"),
        (Book([Page("x", row(1, text("A1", "x"), text("A1", "y")))]).bytes(), "file.not_a_spreadsheet"),
        (Book([Page("x", row(1, '<c r="A1" t="s"><v>7</v></c>'))]).bytes(), "file.not_a_spreadsheet"),
        (Book([Page("x", row(1, number("A1", "1e999")))]).bytes(), "file.not_a_spreadsheet"),
        (Book([Page("x", texts(1, "a")), Page("X", texts(1, "b"))]).bytes(), "file.not_a_spreadsheet"),
        (ods((SHEET.title, ""), mime="text"), "file.not_a_spreadsheet"),
        (packed({"word/document.xml": "<x/>"}), "file.not_a_spreadsheet"),
        (b"PK\x03\x04" + bytes(2000), "file.not_a_spreadsheet"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000), "file.not_a_spreadsheet"),
    ],
)
def test_what_cannot_be_a_sheet_is_refused(data: bytes, code: str) -> None:
    """More cells than there can be, places outside the sheet, parts that contradict each other, other files."""
    assert refusal(data).code == code


def test_entities_are_refused() -> None:
    """A document type, with the entities that make small files huge or fetch what is elsewhere."""
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    assert refusal(Book([Page("x", "")], more={"xl/worksheets/sheet1.xml": bomb}).bytes()).code == (
        "file.not_a_spreadsheet"
    )
    reads = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><workbook>&a;</workbook>'
    assert refusal(Book([Page("x", "")], more={"xl/workbook.xml": reads}).bytes()).code == "file.not_a_spreadsheet"


def test_small_files_that_become_huge() -> None:
    """By what they say of themselves; by what they really are; by two parts of one name."""
    big = packed({"xl/workbook.xml": bytes(MOST_UNPACKED + 1)})
    assert (refusal(big).code, refusal(big).kind) == ("file.too_large_unpacked", "too_large")
    lies = bytearray(packed({"[Content_Types].xml": "<x/>", "_rels/.rels": b" " * 5_000_000}))
    place = lies.rindex(b"_rels/.rels") - 46  # its entry in the directory
    lies[place + 24 : place + 28] = (100).to_bytes(4, "little")
    assert refusal(bytes(lies)).code == "file.not_a_spreadsheet"
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("XL/workbook.xml", "<y/>")
    assert refusal(out.getvalue()).code == "file.not_a_spreadsheet"


def many_cells() -> bytes:
    return Book([Page("x", "".join(texts(n, *(f"{n}字" * 3 for _ in range(20))) for n in range(1, 50_000)))]).bytes()


@pytest.mark.parametrize("limits", [{"memory": 32 * 1024 * 1024}, {"cpu_seconds": 1}, {"seconds": 2}])
def test_a_reader_that_takes_too_much_ends_alone(limits: dict[str, Any]) -> None:
    """Of memory, of computing time, of time by the clock: the caller is refused, and the next file is read."""
    with reader(**limits) as limited:
        assert read_by(limited, SMALL) == b'{"x":0,"y":0}'
        with pytest.raises(DomainError) as refused:
            read_by(limited, many_cells())
        assert (refused.value.code, refused.value.kind) == ("file.too_heavy", "too_large")
        assert read_by(limited, SMALL) == b'{"x":0,"y":0}'


def test_a_reader_that_was_ended_is_started_again() -> None:
    """Whoever ended it."""
    with reader() as mine:
        assert read_by(mine, SMALL) == b'{"x":0,"y":0}'
        assert mine.process is not None
        os.kill(mine.process, signal.SIGKILL)
        assert read_by(mine, SMALL) == b'{"x":0,"y":0}'


def test_many_at_once() -> None:
    """They wait for one another, and each has its own answer."""
    books = [Book([Page(f"t{n}", texts(1, "a") + texts(2, "b"))]).bytes() for n in range(24)]
    with reader() as mine, ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda data: read_by(mine, data), books))
    assert told == [f'{{"t{n}":1}}'.encode() for n in range(24)]


def test_a_reader_that_fails_is_a_refusal() -> None:
    """A mistake of ours is no answer either: what came is refused, and where it happened is logged."""
    with reader() as mine, pytest.raises(DomainError) as refused:
        mine.run("sheet", SMALL, {"sheet": None})
    assert refused.value.code == "file.unreadable"


def test_it_ends_with_whoever_started_it() -> None:
    """No process is left behind by one that was killed."""
    code = (
        "import os, signal; from services.kernel.sheets.outside import Outside; mine = Outside();"
        "mine.run('titles', bytes.fromhex(os.environ['DATA']), {}); print(mine.process, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "DATA": SMALL.hex(), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    left = int(told.stdout)
    until = time.monotonic() + PATIENCE
    while Path(f"/proc/{left}").exists() and time.monotonic() < until:
        if Path(f"/proc/{left}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z":
            break  # ended; whoever takes processes in has not looked yet
        time.sleep(0.05)
    assert time.monotonic() < until
