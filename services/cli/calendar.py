"""`shengzhi calendar`: the working calendar, through the public API as operations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.cli.acting import as_operations
from services.cli.client import Api, Refused
from services.cli.terminal import console

calendar = typer.Typer(no_args_is_help=True, help="工作日历：列出、下载、录入各年节假日和调休安排")
out = console()
_AREA = "/calendars"


@calendar.command("list")
@as_operations
def list_years(api: Api) -> None:
    """列出已有的年份及其依据。"""
    years = api.get(_AREA)["items"]
    table = Table()
    for header in ("年份", "放假", "调休上班", "依据", "录入"):
        table.add_column(header, overflow="fold")
    for year in years:
        off = "、".join(f"{each['name']} {each['first'][5:]}至{each['last'][5:]}" for each in year["holidays"])
        working = "、".join(day[5:] for day in year["working"])
        table.add_row(str(year["year"]), off, working, year["source"], year["day"] or "随平台提供")
    out.print(table)


@calendar.command()
@as_operations
def export(
    api: Api,
    file: Annotated[Path, typer.Argument(help="写到的文件，.xlsx")],
    empty: Annotated[bool, typer.Option("--empty", help="只要空白模板")] = False,
) -> None:
    """导出各年的安排，或空白模板；填好后用 shengzhi calendar load 录入。"""
    file.write_bytes(api.document(f"{_AREA}/{'templates' if empty else 'exports'}/calendars.xlsx"))
    out.print(f"已写到 {file}", markup=False)


@calendar.command()
@as_operations
def load(
    api: Api,
    file: Annotated[Path, typer.Argument(help="工作日历表，.xlsx", exists=True, dir_okay=False)],
) -> None:
    """录入表中各年的安排：整表录入，或逐行说明错误、整表不录。"""
    try:
        imported = api.upload("calendars", "calendars", file.name, file.read_bytes())
    except Refused as refused:
        for row in refused.rows:
            out.print(f"第 {row.row} 行：{row.detail}", markup=False)
        raise
    out.print(f"已录入 {imported.rows - imported.skipped} 年，{imported.skipped} 年没有变化。")
