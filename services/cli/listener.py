"""`shengzhi listener`: accounts on the broker for programs of others that listen to events."""

from __future__ import annotations

import os
import secrets
import shlex
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer
from rich.table import Table

from services.cli.broker_accounts import NAME, PREFIX, Command, Listener
from services.cli.load import RUN, Folder
from services.cli.local.broker import Broker
from services.cli.local.process import LaunchError
from services.cli.local.record import Record
from services.cli.terminal import console
from services.registry import SOURCES

listener = typer.Typer(no_args_is_help=True, help="外部监听程序的消息服务账号：只能绑定和读取事件")
out = console()
Name = Annotated[str, typer.Argument(help="名称：小写字母开头，可含数字和下划线；账号为 listener-名称")]
From = Annotated[list[str] | None, typer.Option("--from", help="只听这些服务的事件；可多次填写，不填为全部")]


@listener.command()
def add(name: Name, sources: From = None, folder: Folder = RUN) -> None:
    """建立账号，显示一次连接地址；外部的消息服务则显示要执行的命令。"""
    made = _listener(name, sources)
    broker, vhost = _broker(folder)
    if broker is None:
        _show(made.adding(vhost))
        out.print("第一条命令会询问密码。程序的连接地址：", soft_wrap=True)
        out.print(f"amqp://{made.account}:密码@消息服务地址/…", markup=False, soft_wrap=True)
        return
    password = secrets.token_urlsafe(24)
    for command in made.adding(vhost):
        _run(broker, command, password if command[0] == "add_user" else None)
    out.print(
        f"账号 {made.account} 已建立。nameko 服务须取名 {made.account}，并在配置中写 DECLARE_EVENT_EXCHANGES: false。"
    )
    out.print("连接地址只显示这一次：")
    out.print(broker.uri_as(made.account, password), markup=False, soft_wrap=True)


@listener.command("list")
def list_listeners(folder: Folder = RUN) -> None:
    """列出账号和它们能读取的事件。"""
    broker, vhost = _broker(folder)
    if broker is None:
        _show([("list_permissions", "-p", vhost)])
        return
    table = Table()
    for header in ("账号", "可读取"):
        table.add_column(header, overflow="fold")
    rows = (line.split("\t") for line in _run(broker, ("list_permissions", "-p", vhost)).splitlines())
    known = [(row[0], row[3].rpartition("^")[2]) for row in rows if row[0].startswith(PREFIX)]
    for account, readable in known:
        table.add_row(account, readable)
    out.print(table if known else "没有监听账号。")


@listener.command()
def remove(name: Name, folder: Folder = RUN) -> None:
    """删除账号，断开它的连接，删除它的队列。"""
    gone = _listener(name, None)
    broker, vhost = _broker(folder)
    if broker is None:
        _show(gone.removing(vhost, ["队列名"]))
        out.print("队列名见 rabbitmqctl list_queues；它的队列各删除一次。")
        return
    queues = [each for each in _run(broker, ("list_queues", "-p", vhost, "name")).splitlines() if gone.owns(each)]
    for command in gone.removing(vhost, queues):
        _run(broker, command)
    out.print(f"账号 {gone.account} 已删除，连同它的 {len(queues)} 个队列。")


def _listener(name: str, sources: list[str] | None) -> Listener:
    """A listener of that name.

    Raises:
        typer.BadParameter: it is no name, or there is no such service.
    """
    if not NAME.fullmatch(name):
        raise typer.BadParameter(f"名称 {name} 不符合要求：小写字母开头，可含数字和下划线，不超过 31 个字符")
    for source in sources or ():
        if source not in SOURCES:
            raise typer.BadParameter(f"没有服务 {source}；可填 {'、'.join(SOURCES)}")
    return Listener(name, tuple(sources or SOURCES))


def _broker(folder: Path) -> tuple[Broker | None, str]:
    """The private broker that runs under the folder, None where it is another's; and the vhost."""
    record = Record.read(folder)
    running = record is not None and any(
        each.spawned.name == "rabbitmq" and each.spawned.alive for each in record.processes
    )
    if running:
        return Broker(folder, running=True), "/"
    told = record.settings.get("SHENGZHI_AMQP_URI") if record is not None else None
    uri = told or os.environ.get("SHENGZHI_AMQP_URI")
    if uri is None:
        out.print("平台没有在运行。外部的消息服务请设置 SHENGZHI_AMQP_URI。")
        raise typer.Exit(1)
    return None, unquote(urlsplit(uri).path[1:]) or "/"


def _run(broker: Broker, command: Command, password: str | None = None) -> str:
    try:
        return broker.control(*command, given=password)
    except LaunchError as problem:
        out.print(f"未能完成：{problem}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from problem


def _show(commands: list[Command]) -> None:
    out.print("平台使用外部的消息服务，请在那里执行：")
    for command in commands:
        out.print(shlex.join(("rabbitmqctl", *command)), markup=False, soft_wrap=True)
