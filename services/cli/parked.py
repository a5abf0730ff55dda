"""`shengzhi parked`: messages that could not be handled, through the public API as operations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from services.cli.accounts import signed_in
from services.cli.client import Api, Refused
from services.cli.load import RUN, Folder, Secrets, Url, place_of
from services.cli.terminal import console
from services.organisation.contract import Role
from services.registry import SOURCES

parked = typer.Typer(no_args_is_help=True, help="搁置的消息：列出、查看、重放、放弃")
out = console()
Id = Annotated[str, typer.Argument(help="消息编号")]
User = Annotated[str, typer.Option("--user", envvar="SHENGZHI_USER", help="运维账号；不填为样例运维账号")]


@contextmanager
def operations(folder: Folder, url: str, secrets: Secrets, user: str) -> Iterator[Api]:
    """Signed in as operations: the password comes from SHENGZHI_PASSWORD, or is that of the sample's account."""
    try:
        address, keys = place_of(folder, url, secrets)
        with signed_in(address, keys, user, os.environ.get("SHENGZHI_PASSWORD", ""), Role.operations) as api:
            yield api
    except Refused as problem:
        out.print(f"未能完成：{problem}", markup=False)
        raise typer.Exit(1) from problem


@parked.command("list")
def list_parked(
    sort: Annotated[str, typer.Option(help="parked、retry、dropped")] = "parked",
    folder: Folder = RUN,
    url: Url = "",
    secrets: Secrets = None,
    user: User = "",
) -> None:
    """列出搁置的消息。"""
    with operations(folder, url, secrets, user) as api:
        rows = [
            row
            for service in SOURCES
            for row in api.get("/operations/held", service=service, sort=sort, page_size=200)["items"]
        ]
    table = Table()
    for header in ("编号", "队列", "事件", "次数", "最近", "原因"):
        table.add_column(header, overflow="fold")
    for row in rows:
        kind = row["type"] or "无法识别"
        table.add_row(row["id"], row["queue"], kind, str(row["attempts"]), row["last"][:19], row["reason"])
    out.print(table if rows else "没有搁置的消息。")


@parked.command()
def show(id: Id, folder: Folder = RUN, url: Url = "", secrets: Secrets = None, user: User = "") -> None:
    """查看一条消息：原因、堆栈和脱敏后的内容。"""
    with operations(folder, url, secrets, user) as api:
        found = api.get(f"/operations/held/{id}")
    for name, told in found.items():
        out.print(f"{name}：{told}", markup=False)


@parked.command()
def replay(id: Id, folder: Folder = RUN, url: Url = "", secrets: Secrets = None, user: User = "") -> None:
    """重放一条消息；重复重放只生效一次。"""
    with operations(folder, url, secrets, user) as api:
        applied = api.post(f"/operations/held/{id}/replays", {})["applied"]
    out.print("已生效。" if applied else "仍无法处理，继续搁置；原因见 shengzhi parked show。")
    if not applied:
        raise typer.Exit(1)


@parked.command()
def drop(
    id: Id,
    reason: Annotated[str, typer.Option(help="事由", prompt="事由")],
    folder: Folder = RUN,
    url: Url = "",
    secrets: Secrets = None,
    user: User = "",
) -> None:
    """放弃一条消息：内容删除，放弃的事实和事由保留。"""
    with operations(folder, url, secrets, user) as api:
        api.post(f"/operations/held/{id}/drops", {"reason": reason})
    out.print("已放弃。")
