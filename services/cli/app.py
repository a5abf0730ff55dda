"""The `shengzhi` command: every sub-command is registered here, each of them lives in a module of its own."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli import WORKERS
from services.cli.audit.command import audit
from services.cli.calendar import calendar
from services.cli.contracts import contracts
from services.cli.demo import demo
from services.cli.listener import listener
from services.cli.load import load
from services.cli.local import keys, supervisor
from services.cli.local.process import LaunchError
from services.cli.local.record import Record
from services.cli.logs import logs
from services.cli.parked import parked
from services.cli.rebuild import rebuild
from services.cli.recount import recount
from services.cli.report import report
from services.cli.signing_keys import signing_keys
from services.cli.status import table
from services.cli.user import user
from services.cli.verify import verify_journal

Folder = Annotated[Path, typer.Option("--folder", envvar="SHENGZHI_RUN", help="运行目录：数据、日志和密钥")]
RUN = Path(".run")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="省直：主题教育工作平台")
out = Console(highlight=False, soft_wrap=True)
error = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def up(
    folder: Folder = RUN,
    fresh: Annotated[bool, typer.Option("--fresh", help="清空以前的数据，从头开始")] = False,
) -> None:
    """启动平台（私有的 RabbitMQ、MongoDB 和全部服务），就绪后返回。"""
    before, known = Record.read(folder), set() if fresh else _first_passwords(folder)
    if before is not None and before.up and not fresh:
        out.print("平台已在运行。" if before.phase == "ready" else "平台正在启动……")
    try:
        with error.status("正在启动平台……"):
            record = supervisor.up(folder, fresh=fresh)
    except LaunchError as problem:
        error.print(f"启动失败：{problem}", markup=False)
        raise typer.Exit(1) from problem
    out.print(f"就绪，用时 {record.ready_seconds} 秒（ready in {record.ready_seconds} s）")
    out.print(f"网页和接口：{record.url}    接口文档：{record.url}/docs    gRPC：{record.grpc}")
    _tell_first_passwords({place.stem: place.read_text() for place in _first_passwords(folder) - known})


@app.command()
def down(folder: Folder = RUN) -> None:
    """停止平台和它启动的一切。可重复执行。"""
    with error.status("正在停止平台……"):
        stopped = supervisor.down(folder)
    out.print("平台已停止。" if stopped else "平台没有在运行。")


@app.command()
def status(folder: Folder = RUN) -> None:
    """列出每个进程的状态和内存。平台没有完全就绪时以状态 3 结束。"""
    record = Record.read(folder)
    if record is None:
        out.print("平台没有在运行。")
        raise typer.Exit(3)
    out.print(table(record))
    if not (record.up and record.phase == "ready" and all(each.spawned.alive for each in record.processes)):
        raise typer.Exit(3)


@app.command()
def restart(
    name: Annotated[str, typer.Argument(help=f"进程名：{'、'.join(WORKERS)}、api")],
    folder: Folder = RUN,
) -> None:
    """让一个进程有序结束并重新启动，就绪后返回。"""
    try:
        with error.status(f"正在重新启动 {name}……"):
            back = supervisor.restart(folder, name)
    except LaunchError as problem:
        error.print(f"未能重新启动：{problem}", markup=False)
        raise typer.Exit(1) from problem
    out.print(f"{name} 已重新启动，进程号 {back.spawned.pid}。")


@app.command("keys")
def make_keys(folder: Annotated[Path, typer.Argument(help="密钥目录")]) -> None:
    """在目录中生成缺少的密钥和三个首任管理员的密码（供容器部署使用）。"""
    made = keys.generate(folder)
    out.print(f"密钥和首任管理员密码在 {folder}：{'、'.join(keys.FILES)}")
    _tell_first_passwords(made)


def _first_passwords(folder: Path) -> set[Path]:
    """The password files of the first administrators that are there."""
    return {place for name in keys.PASSWORDS if (place := folder / "secrets" / f"{name}.password").exists()}


def _tell_first_passwords(made: dict[str, str]) -> None:
    """Say the passwords that were made just now."""
    for name in sorted(made, key=list(keys.PASSWORDS).index):
        out.print(f"首任{keys.PASSWORDS[name]}：账号 {name}    一次性密码 {made[name]}", markup=False)


app.command()(logs)
app.command()(load)
app.command()(report)
app.command()(demo)
app.command()(audit)
app.command()(verify_journal)
app.command()(rebuild)
app.command()(recount)
app.command(hidden=True)(contracts)
app.add_typer(parked, name="parked")
app.add_typer(listener, name="listener")
app.add_typer(user, name="user")
app.add_typer(signing_keys, name="signing-keys")
app.add_typer(calendar, name="calendar")


@app.command()
def serve(name: Annotated[str, typer.Argument(help="、".join(WORKERS))]) -> None:
    """在前台运行一个服务（容器里的入口）。"""
    _become("serve", name)


@app.command()
def api() -> None:
    """在前台运行接口与网页（容器里的入口）。"""
    _become("api")


def _become(*arguments: str) -> None:
    """Replace this process: a service must patch the standard library before anything is imported."""
    os.execv(sys.executable, [sys.executable, "-m", "services.cli", *arguments])  # noqa: S606  # no shell is wanted


def main() -> None:
    """The console script's entry."""
    app()
