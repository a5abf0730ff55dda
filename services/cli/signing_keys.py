"""`shengzhi signing-keys`: replace the key that signs what crosses the bus, without a pause and in three steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from services.cli.load import RUN, Folder, Secrets
from services.cli.local import keys
from services.cli.local.record import Record
from services.cli.terminal import console
from services.kernel.message.signing import FILE, MOST_KEYS, Key, new_key, read

signing_keys = typer.Typer(no_args_is_help=True, help="消息签名密钥：查看、添加、启用、停用")
out = console()
_SOON = "各进程在一秒内自行读取；容器部署时，待新的密钥文件到达每一个进程后再做下一步。"


@signing_keys.command("list")
def list_keys(folder: Folder = RUN, secrets: Secrets = None) -> None:
    """列出密钥编号：第一个用于签名，其余只用于验证。"""
    with _known(folder, secrets) as (_, known):
        _show(known)


@signing_keys.command()
def add(folder: Folder = RUN, secrets: Secrets = None) -> None:
    """第一步：添加一个新密钥。它的签名从此有效，但尚不用它签名。"""
    with _known(folder, secrets) as (place, known):
        if len(known) == MOST_KEYS:
            raise ValueError("已有两个密钥；请先启用（use）并停用旧的（drop）")
        _put(place, [*known, new_key()])


@signing_keys.command()
def use(folder: Folder = RUN, secrets: Secrets = None) -> None:
    """第二步：改用另一个密钥签名。原来的签名仍然有效。"""
    with _known(folder, secrets) as (place, known):
        if len(known) < MOST_KEYS:
            raise ValueError("只有一个密钥；请先添加（add）")
        _put(place, list(reversed(known)))


@signing_keys.command()
def drop(folder: Folder = RUN, secrets: Secrets = None) -> None:
    """第三步：停用不再签名的密钥。它的签名从此无效。"""
    with _known(folder, secrets) as (place, known):
        if len(known) < MOST_KEYS:
            raise ValueError("只有一个密钥，不能停用")
        _put(place, known[:1])


@contextmanager
def _known(folder: Path, secrets: Path | None) -> Iterator[tuple[Path, list[Key]]]:
    """The folder of the keys and what they are; what is wrong is said to the person at the terminal."""
    record = Record.read(folder)
    place = secrets or Path(
        record.settings.get("SHENGZHI_SECRETS", folder / "secrets") if record else folder / "secrets"
    )
    try:
        yield place, read((place / FILE).read_text())
    except (OSError, ValueError) as problem:
        out.print(f"未能完成：{problem}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from problem


def _put(place: Path, known: list[Key]) -> None:
    keys.replace_signing(place, known)
    _show(known)
    out.print(_SOON)


def _show(known: list[Key]) -> None:
    for key in known:
        out.print(f"{key.id}  {'签名' if key is known[0] else '仅验证'}", markup=False)
