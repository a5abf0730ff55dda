"""`shengzhi recount` on a real store, beside a study service that is there and one that is not."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import typer
from pymongo import MongoClient

from services.cli.recount import recount
from services.study.contract import RecordLecture
from services.study.domain import LECTURE
from services.study.service.recounting import Recounting
from tests.component.study.desk import Desk
from tests.unit.study.records import LECTURE_CONTENT


@pytest.fixture
def desk(mongo: str, mongo_client: MongoClient[dict[str, Any]], database: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A study database under the prefix that the command is told of, with one wrong account."""
    monkeypatch.setenv("SHENGZHI_MONGO_URI", mongo)
    monkeypatch.setenv("SHENGZHI_DATABASE_PREFIX", database)
    made = Desk(mongo_client, f"{database}_study")
    made.record(LECTURE, "l", RecordLecture(**LECTURE_CONTENT, id="l"))
    made.database["accounts"].update_one({"_id": "D1|2026"}, {"$set": {"counts.03.lecture": 7}})
    return made


def test_what_was_wrong_is_counted_again_and_told(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command asks, the service counts; the last line says how many units were wrong."""
    stop = threading.Event()

    def serve() -> None:
        recounting = Recounting(desk.journal)
        while not stop.wait(0.05):
            recounting.step()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        recount(tmp_path, 60)
        recount(tmp_path, 60)
    finally:
        stop.set()
        thread.join()
    assert capsys.readouterr().out.splitlines()[-1] == "已由记录重新计算 7 个单位，其中 0 个与记录不符，已更正"
    account = desk.database["accounts"].find_one({"_id": "D1|2026"})
    assert account is not None
    assert account["counts"] == {"03": {"lecture": 1}}


def test_without_a_service_it_says_so(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was asked stays asked: the service goes on with it once it is there."""
    with pytest.raises(typer.Exit) as ended:
        recount(tmp_path, 0.5)
    assert ended.value.exit_code == 1
    assert "未完成：已核算 0 个单位" in capsys.readouterr().out
    assert Recounting(desk.journal).step()
