"""`shengzhi demo`: everything from a clean start to the province's report; the platform stays up."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.cli.accounts import Accounts
from services.cli.client import Refused
from services.cli.load import RUN, Folder, load_into, place_of
from services.cli.local import supervisor
from services.cli.local.process import LaunchError
from services.cli.report import home, show
from services.cli.terminal import console
from services.organisation.contract import ROLES, Role

SAMPLE, OUT = Path("deploy/sample"), Path("build/demo")

out = console()


def demo(
    sample: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="样例表格所在目录")] = SAMPLE,
    to_folder: Annotated[Path, typer.Option("--out", help="写报告的目录")] = OUT,
    folder: Folder = RUN,
) -> None:
    """从头演示：清空以前的数据，启动平台，导入样例省的表格，打印全省数字；平台保持运行。"""
    try:
        with out.status("正在启动平台……"):
            record = supervisor.up(folder, fresh=True)
        out.print(f"平台就绪，用时 {record.ready_seconds} 秒（ready in {record.ready_seconds} s）")
        url, secrets = place_of(folder)
        agrees = load_into(url, secrets, sample)
        accounts = Accounts(secrets)
        accounts.open_all(url)
        with accounts.signed_in(url, accounts.acting(Role.office)) as api:
            unit = home(api)
            found = show(api, url, unit, {}, to_folder)
    except (LaunchError, Refused, FileNotFoundError) as problem:
        out.print(f"演示未能完成：{problem}", markup=False)
        raise typer.Exit(1) from problem
    out.print(accounts_table(accounts))
    period = f"from={found['period']['from']}&to={found['period']['to']}"
    out.print(f"报告页面：{url}/reports/{unit}?{period}", soft_wrap=True, markup=False)
    out.print(f"接口文档：{url}/docs    gRPC：{record.grpc}")
    out.print("平台仍在运行；停止：make down，查看进程和内存：make status")
    if not agrees:
        raise typer.Exit(1)


def accounts_table(accounts: Accounts) -> Table:
    """The sample accounts and their passwords, which are made anew for each clean start."""
    table = Table(title="样例账号（每类用户一个）", title_justify="left")
    for header in ("账号", "密码", "角色", "单位编码", "姓名"):
        table.add_column(header)
    for account in accounts.all:
        table.add_row(account.id, account.password, ROLES[Role(account.role)], account.unit, account.name)
    return table
