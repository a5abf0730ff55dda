"""`shengzhi recount`: what units owe and have done, counted again by the study service from every record."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from pymongo import MongoClient

from services.cli.audit.command import settings_of
from services.cli.load import RUN, Folder
from services.cli.terminal import console
from services.kernel.journal.store import Document, open_database
from services.kernel.message.clock import utc_now
from services.study.store import recounts

_POLL_SECONDS = 0.2
out = console()


def recount(
    folder: Folder = RUN,
    patience: Annotated[float, typer.Option("--patience", help="多少秒没有进展即不再等待")] = 120.0,
) -> None:
    """由全部学习记录重新计算各单位的应办情况；原有流水不改，差异以补充事件更正。没有完成时以状态 1 结束。"""
    given = settings_of(folder)
    with MongoClient[Document](given.mongo_uri, tz_aware=True, appname="shengzhi-recount") as client:
        study = open_database(client, given.database("study"))
        recounts.again(study, utc_now())
        units, since = -1, time.monotonic()
        while (job := recounts.state(study)) is None or job["state"] != "done":
            now = -1 if job is None else int(job["units"])
            if now != units:
                units, since = now, time.monotonic()
            elif time.monotonic() - since > patience:
                out.print(f"未完成：已核算 {max(units, 0)} 个单位，请确认学习服务已启动；启动后会自行继续")
                raise typer.Exit(1)
            time.sleep(_POLL_SECONDS)
    out.print(f"已由记录重新计算 {job['units']} 个单位，其中 {job['wrong']} 个与记录不符，已更正")
