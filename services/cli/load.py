"""`shengzhi load`: a folder of spreadsheets into the platform by its public API, and a check of what came of it."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.cli.accounts import Accounts
from services.cli.client import Refused
from services.cli.loading import Loaded, Loading
from services.cli.local.record import Record
from services.cli.parcel import Parcel, unpack
from services.cli.terminal import console
from services.kernel.message.clock import SHANGHAI

Folder = Annotated[Path, typer.Option("--folder", envvar="SHENGZHI_RUN", help="平台的运行目录")]
Url = Annotated[str, typer.Option("--url", help="平台地址；不填为本机运行的平台")]
Secrets = Annotated[Path | None, typer.Option("--secrets", help="密钥目录；不填为本机平台的密钥目录")]
RUN = Path(".run")

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("行"), TimeElapsedColumn())
out = console()


def load(
    source: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="表格所在目录")],
    folder: Folder = RUN,
    url: Url = "",
    secrets: Secrets = None,
    wait: Annotated[bool, typer.Option(help="等到全部数据进入统计，并与表格所附的清点结果核对")] = True,
) -> None:
    """把目录中的表格经公开接口导入平台：单位、用户、活动、台账；应被退回的表格须逐行退回。"""
    try:
        address, keys = place_of(folder, url, secrets)
        agrees = load_into(address, keys, source, wait=wait)
    except (Refused, FileNotFoundError) as problem:
        out.print(f"导入失败：{problem}", markup=False)
        for row in getattr(problem, "rows", [])[:20]:
            out.print(f"  {row.tab}第 {row.row} 行 {row.column}：{row.detail}（{row.code}）", markup=False)
        raise typer.Exit(1) from problem
    if not agrees:
        raise typer.Exit(1)


def place_of(folder: Path, url: str = "", secrets: Path | None = None) -> tuple[str, Path]:
    """The platform's address and the folder with its keys: as given, else of the platform that runs on this machine.

    Raises:
        Refused: none was given and none runs.
    """
    record = Record.read(folder)
    if not url and (record is None or not record.up):
        raise Refused("platform.down", "平台没有在运行，请先执行 shengzhi up，或用 --url 指定地址")
    known = Path(record.settings.get("SHENGZHI_SECRETS", folder / "secrets")) if record else folder / "secrets"
    return url or (record.url if record else ""), secrets or known


def load_into(url: str, secrets: Path, source: Path, *, wait: bool = True) -> bool:
    """Load a folder and say what becomes of it; true when all is as the folder itself says it must be.

    Raises:
        Refused: a sheet that was to be taken was not.
        FileNotFoundError: there is nothing to load.
    """
    parcel, started = unpack(source), time.monotonic()
    progress = Progress(*COLUMNS, console=out)
    task = progress.add_task("导入表格", total=parcel.rows)
    with Loading(url, parcel, Accounts(secrets), lambda rows: progress.advance(task, rows)) as loading:
        with progress:
            loading.send()
        out.print(
            f"已导入 {len(parcel.parts)} 张表 {loading.loaded.rows:,} 行"
            f"（其中 {loading.loaded.skipped:,} 行内容重复，不再计数），用时 {time.monotonic() - started:.1f} 秒。"
        )
        agrees = _say_refused(loading, parcel)
        if wait:
            with out.status("等待全部数据进入统计……"):
                as_of = loading.wait().astimezone(SHANGHAI)
            seconds = time.monotonic() - started
            out.print(f"统计已包含截至 {as_of:%Y-%m-%d %H:%M:%S} 的全部数据，共用时 {seconds:.1f} 秒。")
            agrees = _say_differences(loading, parcel) and agrees
    return agrees


def _say_refused(loading: Loading, parcel: Parcel) -> bool:
    """Send what must be refused and show what was said of each row."""
    if not parcel.untidy:
        return True
    loading.send_untidy()
    out.print(refusals(parcel, loading.loaded))
    unexpected = loading.loaded.unexpected(parcel.refusals)
    for kind, rows in unexpected.items():
        out.print(f"退回情况与预期不符：{kind} {sorted(rows)}", markup=False)
    if not unexpected:
        count = sum(map(len, loading.loaded.refused.values()))
        out.print(f"不规范台账整表退回：{count} 处错误逐行指出，与预期一致；没有一行进入平台。")
    return not unexpected


def refusals(parcel: Parcel, loaded: Loaded) -> Table:
    """What was said of each wrong row."""
    table = Table(title="不规范台账逐行退回", title_justify="left")
    for header in ("表", "行", "错误", "代码"):
        table.add_column(header, justify="right" if header == "行" else "left", overflow="fold")
    titles = {part.kind: part.title for part in parcel.untidy}
    for kind, rows in loaded.refused.items():
        for row in sorted(rows, key=lambda row: row.row):
            table.add_row(titles[kind], str(row.row), row.detail, row.code)
    return table


def _say_differences(loading: Loading, parcel: Parcel) -> bool:
    """Compare the figures with the parcel's own count."""
    differences = loading.differences()
    for id, (expected, found) in differences.items():
        out.print(f"与清点不符：{id} 应为 {expected}，平台为 {found}", markup=False)
    if parcel.figures is not None and not differences:
        out.print(f"{len(parcel.figures['figures'])} 个数字与表格逐行清点的结果一致。")
    return not differences
