"""`shengzhi parked`: messages that could not be handled, through the public API as operations."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from services.cli.acting import as_operations
from services.cli.client import Api
from services.cli.terminal import console
from services.registry import SOURCES

parked = typer.Typer(no_args_is_help=True, help="搁置的消息：列出、查看、重放、放弃")
out = console()
Id = Annotated[str, typer.Argument(help="消息编号")]


@parked.command("list")
@as_operations
def list_parked(
    api: Api,
    sort: Annotated[str, typer.Option(help="parked、retry、dropped")] = "parked",
) -> None:
    """列出搁置的消息。"""
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
@as_operations
def show(api: Api, id: Id) -> None:
    """查看一条消息：原因、堆栈和脱敏后的内容。"""
    found = api.get(f"/operations/held/{id}")
    for name, told in found.items():
        out.print(f"{name}：{told}", markup=False)


@parked.command()
@as_operations
def replay(api: Api, id: Id) -> None:
    """重放一条消息；重复重放只生效一次。"""
    applied = api.post(f"/operations/held/{id}/replays", {})["applied"]
    out.print("已生效。" if applied else "仍无法处理，继续搁置；原因见 shengzhi parked show。")
    if not applied:
        raise typer.Exit(1)


@parked.command()
@as_operations
def drop(
    api: Api,
    id: Id,
    reason: Annotated[str, typer.Option(help="事由", prompt="事由")],
) -> None:
    """放弃一条消息：内容删除，放弃的事实和事由保留。"""
    api.post(f"/operations/held/{id}/drops", {"reason": reason})
    out.print("已放弃。")
