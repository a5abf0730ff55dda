"""`shengzhi verify-journal`: is every journal what it was when it was written?"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from pymongo import MongoClient

from services.cli.audit.command import settings_of
from services.cli.load import RUN, Folder
from services.cli.terminal import console
from services.kernel.journal.chain import verify
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import open_database
from services.kernel.rules.aggregate import Aggregate
from services.registry import SERVICES

AGGREGATES: dict[str, list[Aggregate[Any]]] = {
    service.source: import_module(f"services.{service.package}.domain").AGGREGATES for service in SERVICES
}
"""Every kind of record that a service keeps, by its source."""
_SHOWN = 10
out = console()


def verify_journal(folder: Folder = RUN) -> None:
    """验证审计链：流水有无改动、缺失、伪造。发现问题时逐条列出并以状态 1 结束。"""
    given = settings_of(folder)
    read = 0
    findings: list[str] = []
    with MongoClient[dict[str, Any]](given.mongo_uri, appname="shengzhi-verify") as client:
        for service, aggregates in AGGREGATES.items():
            database = open_database(client, given.database(service))
            journal = Journal(database, service=service, site=given.site, chain_key=given.secret("chain.key"))
            count, found = verify(journal, aggregates)
            read += count
            findings.extend(f"{service} {finding}" for finding in found)
    for finding in findings[:_SHOWN]:
        out.print(finding, markup=False)
    if findings:
        out.print(f"审计链有 {len(findings)} 处不符（读取 {read} 条）")
        raise typer.Exit(1)
    out.print(f"审计链完整：{read} 条流水逐条验证一致")
