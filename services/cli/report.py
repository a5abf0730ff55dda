"""`shengzhi report`: a unit's figures as a table, as JSON, as a workbook and as a page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.accounts import signed_in
from services.cli.client import Api, Refused
from services.cli.load import RUN, Folder, Secrets, Url, place_of
from services.cli.terminal import console
from services.edge.documents import report_page, report_workbook
from services.edge.documents.show import instant, value
from services.kernel.message.instants import read_day
from services.organisation.contract import Role

COMPARED = {
    "study.sessions.leadership": "领学",
    "study.sessions.branch": "研学",
    "study.sessions.youth": "精学",
    "study.sessions.self": "自学",
    "study.attendance_rate": "到课率",
    "study.units_covered": "覆盖单位",
    "research.topics": "课题",
    "research.visits": "调研",
    "research.measures_settled": "落实",
    "hotline.tickets": "工单",
    "hotline.questions_answered": "解答",
    "hotline.problems_solved": "解决",
    "hotline.satisfaction_rate": "满意率",
    "hotline.overdue": "超期",
}
"""Figure → the short header under which units are compared."""

Report = dict[str, Any]
out = console()
_NAME, _CELL = 26, 8
"""Columns of the terminal that a unit's name, and a figure with its header, take."""


def report(
    unit: Annotated[str, typer.Option(help="单位编码；不填为账号所在单位")] = "",
    first: Annotated[str, typer.Option("--from", help="开始日期，如 2026-02-01；不填为最近一次活动的开始日")] = "",
    last: Annotated[str, typer.Option("--to", help="结束日期；不填为最近一次活动的结束日")] = "",
    to_folder: Annotated[
        Path | None, typer.Option("--out", help="写 report.json、report.xlsx、report.html 的目录")
    ] = None,
    user: Annotated[str, typer.Option(help="账号；不填为导入样例时建立的主题教育办账号")] = "",
    password: Annotated[str, typer.Option(envvar="SHENGZHI_PASSWORD", help="密码；不填为导入时生成的密码")] = "",
    folder: Folder = RUN,
    url: Url = "",
    secrets: Secrets = None,
) -> None:
    """打印一个单位在一段时间的数字和各下级单位的对比，并可写成文件。"""
    try:
        address, keys = place_of(folder, url, secrets)
        with signed_in(address, keys, user, password, Role.office) as api:
            show(api, address, unit or home(api), _period(first, last), to_folder)
    except Refused as problem:
        out.print(f"没有得到报告：{problem}", markup=False)
        raise typer.Exit(1) from problem


def show(api: Api, url: str, unit: str, period: dict[str, str], to_folder: Path | None) -> Report:
    """Print the report and write it to the folder."""
    found = api.get(f"/reports/{unit}", **period, children="true", compare="before,year")
    out.print(figures_table(found))
    if found["children"]:
        for table in children_tables(found, out.width):
            out.print(table)
    if to_folder is not None:
        written = write(found, api.get("/figures")["items"], url, to_folder)
        out.print("已写出：" + "、".join(map(str, written)), soft_wrap=True)
    return found


def home(api: Api) -> str:
    """The unit for which the user holds their first role.

    Raises:
        Refused: they hold one for no unit of the tree.
    """
    for held in api.get("/me")["roles"]:
        if held["unit"]:
            return str(held["unit"])
    raise Refused("unit.missing", "该账号不属于任何单位，请用 --unit 指定单位编码")


def figures_table(found: Report) -> Table:
    """All figures of the unit."""
    period = f"{found['period']['from']} 至 {found['period']['to']}"
    title = f"{found['unit_name']}  {period}  数据截至 {instant(found['as_of'])}"
    table = Table(title=title, title_justify="left")
    table.add_column("指标")
    table.add_column("本期", justify="right")
    table.add_column("单位")
    table.add_column("编码")
    for id, detail in found["details"].items():
        table.add_row(detail["name"], value(detail["value"], detail["sort"]), detail["unit_of_measure"], id)
    return table


def children_tables(found: Report, width: int) -> Iterator[Table]:
    """The units right below, side by side; on a narrow terminal in several tables, so that no figure is cut."""
    headers, each = list(COMPARED.items()), max(3, (width - _NAME) // _CELL)
    for first in range(0, len(headers), each):
        shown = headers[first : first + each]
        table = Table(title="各单位对比", title_justify="left")
        table.add_column("单位", overflow="fold")
        for _, header in shown:
            table.add_column(header, justify="right", no_wrap=True)
        for child in found["children"]:
            figures = (value(child["figures"][id], found["details"][id]["sort"]) for id, _ in shown)
            table.add_row(child["name"], *figures)
        yield table


def write(found: Report, catalogue: list[dict[str, Any]], url: str, folder: Path) -> list[Path]:
    """report.json, report.xlsx and report.html; gives their places."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "report.json": (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode(),
        "report.xlsx": report_workbook(found, catalogue, url),
        "report.html": report_page(found, base_url=url, standalone=True).encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def _period(first: str, last: str) -> dict[str, str]:
    given = {"from": first, "to": last}
    for name, day in given.items():
        try:
            read_day(day or "2026-01-01")
        except ValueError as error:
            raise Refused("period.invalid", f"--{name} 应为日期，如 2026-02-01") from error
    return {name: day for name, day in given.items() if day}
