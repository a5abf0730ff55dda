"""The command: wait until everything that was recorded before it has arrived, compare, say what agrees."""

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from rich.console import Console

from services.cli.local.record import Record
from services.kernel.journal.store import Document
from services.kernel.message.clock import SHANGHAI, utc_now
from services.kernel.settings import Settings

from .books import Books
from .findings import Findings

RUN = Path(".run")
_POLL_SECONDS = 0.5
out = Console(highlight=False, soft_wrap=True)


def audit(
    folder: Annotated[Path, typer.Option("--folder", envvar="SHENGZHI_RUN", help="平台的运行目录")] = RUN,
    wait: Annotated[float, typer.Option("--wait", help="最多等待多少秒，让已登记的都进入统计")] = 60.0,
) -> None:
    """核对：事实、汇总、各服务的流水和记录现状是否一致。不一致时列出最先发现的差异，以状态 1 结束。"""
    settings = settings_of(folder)
    try:
        with MongoClient[Document](settings.mongo_uri, tz_aware=True, serverSelectionTimeoutMS=10_000) as client:
            books = Books(client, settings.database_prefix)
            until = _arrived(books, utc_now(), wait)
            found = None if until is None else books.compare(until)
    except PyMongoError as error:
        out.print(f"无法核对：数据库不可用（{error}）", markup=False)
        raise typer.Exit(1) from error
    if found is None or until is None:
        out.print("无法核对：尚未收到各服务的进度，请确认平台已启动。")
        raise typer.Exit(1)
    for line in told(found, until):
        out.print(line, markup=False)
    if found.wrong:
        raise typer.Exit(1)


def told(found: Findings, until: datetime) -> list[str]:
    """What was found, the differences first, the verdict last."""
    counts = found.compared
    lines = [f"差异：{line}" for line in found.first]
    if found.wrong > len(found.first):
        lines.append(f"……另有 {found.wrong - len(found.first)} 处差异")
    if counts["moving"]:
        lines.append(f"核对期间仍有变动、或有事件已放弃而未核对的记录：{counts['moving']} 条")
    if counts["dropped"]:
        lines.append(f"已由人工放弃的事件：{counts['dropped']} 条")
    if counts["foreign"]:
        lines.append(f"搁置的、不出自任何流水的消息：{counts['foreign']} 条（见 shengzhi parked list）")
    if counts["locked"]:
        lines.append(f"锁定的单位月份：{counts['locked']} 个，锁定时的数加更正与现在的数逐个核对")
    if counts["issued"]:
        lines.append(f"印发的报告：{counts['issued']} 份，留存的数与流水、与现在的数逐份核对")
    verdict = f"不一致（{found.wrong} 处）" if found.wrong else "一致"
    lines.append(
        f"核对{verdict}：事实 {counts['facts']} 条，汇总 {counts['rollups']} 份，流水 {counts['journal']} 条，"
        f"重算记录 {counts['states']} 条、覆盖窗口 {counts['windows']} 个、应办情况 {counts['duties']} 项，"
        f"截至 {until.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    )
    return lines


def settings_of(folder: Path) -> Settings:
    """Those of the platform that was started under the folder, else of the environment."""
    record = Record.read(folder)
    known: Mapping[str, str] = {} if record is None else record.settings
    names = {
        "amqp_uri": "SHENGZHI_AMQP_URI",
        "mongo_uri": "SHENGZHI_MONGO_URI",
        "database_prefix": "SHENGZHI_DATABASE_PREFIX",
        "secrets": "SHENGZHI_SECRETS",
    }
    given = {field: known[name] for field, name in names.items() if name in known}
    return Settings(**given)  # type: ignore[arg-type]  # two texts among settings of several types


def _arrived(books: Books, asked: datetime, wait: float) -> datetime | None:
    """The watermark once it has passed the moment of asking; the last one known when it does not come."""
    patience = time.monotonic() + wait
    while ((until := books.until()) is None or until < asked) and time.monotonic() < patience:
        time.sleep(_POLL_SECONDS)
    return until
