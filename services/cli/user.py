"""`shengzhi user`: accounts by a system administrator, roles by a security administrator, one's own password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.acting import through_api
from services.cli.client import Api, Refused
from services.cli.load import RUN, Folder, Secrets, Url, place_of
from services.cli.report import home
from services.cli.terminal import console
from services.organisation.contract import ROLES, USER_STATES, Role, UserState

user = typer.Typer(no_args_is_help=True, help="账号：建立、停用、解锁、重置密码；角色：授予、收回；修改本人密码")
out = console()
Id = Annotated[str, typer.Argument(help="账号")]
As = Annotated[
    str,
    typer.Option("--as", envvar="SHENGZHI_USER", help="以哪个账号办理（密码取自 SHENGZHI_PASSWORD）；不填为首任管理员"),
]
_system, _security = (through_api(role, "by", As) for role in (Role.system_admin, Role.security_admin))
_either = through_api(lambda conflicts, **asked: Role.security_admin if conflicts else Role.system_admin, "by", As)
_ROLE = "角色，如 office、unit_admin；全部角色见 /access/permissions"


@user.command("list")
@_either
def list_users(
    api: Api,
    unit: Annotated[str, typer.Option(help="单位（含下级）；不填为最高一级单位")] = "",
    state: Annotated[UserState | None, typer.Option(help="状态")] = None,
    role: Annotated[Role | None, typer.Option(help=_ROLE)] = None,
    before: Annotated[str, typer.Option("--not-since", help="此日以来没有登录过的，如 2026-06-01")] = "",
    conflicts: Annotated[bool, typer.Option("--conflicts", help="只列兼有互斥角色的账号（由安全管理员查看）")] = False,
) -> None:
    """列出账号。"""
    asked: dict[str, Any] = {"unit": unit or _root(api)}
    if conflicts:
        rows = api.get("/role-conflicts", **asked)["items"]
    else:
        told = {"state": state, "role": role, "signed_in_before": before}
        rows = list(_pages(api, {**asked, **{name: str(value) for name, value in told.items() if value}}))
    table = Table()
    for header in ("账号", "姓名", "单位", "角色", *(["互斥"] if conflicts else ["状态", "最近登录"])):
        table.add_column(header, overflow="fold")
    for row in rows:
        held = "、".join(f"{ROLES[Role(each['role'])]}@{each['unit']}" for each in row["roles"])
        if conflicts:
            last = ["、".join(f"{ROLES[Role(one)]}与{ROLES[Role(other)]}" for one, other in row["pairs"])]
        else:
            last = [USER_STATES[UserState(row["state"])], (row["signed_in_at"] or "")[:16]]
        table.add_row(row["id"], row["name"], row["unit"], held, *last)
    out.print(table if rows else "没有这样的账号。")


@user.command()
@_system
def add(
    api: Api,
    id: Id,
    name: Annotated[str, typer.Option(help="姓名", prompt="姓名")],
    unit: Annotated[str, typer.Option(help="所属单位编码", prompt="单位编码")],
) -> None:
    """建立账号（系统管理员），打印一次性密码；角色由安全管理员授予。"""
    made = api.post("/users", {"id": id, "name": name, "unit": unit})
    out.print(f"已建立 {id}，一次性密码 {made['password']}（首次登录须修改）", markup=False)


@user.command("reset-password")
@_system
def reset_password(api: Api, id: Id) -> None:
    """重置密码（系统管理员），打印一次性密码；其全部会话和令牌失效，锁定解除。"""
    made = api.post(f"/users/{id}/password-resets", {})
    out.print(f"{id} 的一次性密码 {made['password']}（下次登录须修改）", markup=False)


@user.command()
@_system
def unlock(api: Api, id: Id) -> None:
    """解除因连续输错密码的锁定（系统管理员）。"""
    unlocked = api.post(f"/users/{id}/unlocks", {})["unlocked"]
    out.print("已解除锁定。" if unlocked else "没有锁定。")


@user.command()
@_system
def disable(
    api: Api,
    id: Id,
    reason: Annotated[str, typer.Option(help="事由", prompt="事由")],
) -> None:
    """停用账号（系统管理员）；其全部会话和令牌失效，角色保留。"""
    api.post(f"/users/{id}/disablements", {"reason": reason})
    out.print(f"已停用 {id}。", markup=False)


@user.command()
@_system
def enable(api: Api, id: Id) -> None:
    """启用账号（系统管理员）。"""
    api.post(f"/users/{id}/enablements", {})
    out.print(f"已启用 {id}。", markup=False)


@user.command()
@_security
def grant(
    api: Api,
    id: Id,
    role: Annotated[Role, typer.Argument(help=_ROLE)],
    unit: Annotated[str, typer.Argument(help="单位编码；全平台的管理员和运维为 *")],
) -> None:
    """授予角色（安全管理员）。"""
    _replace(api, id, {"role": role.value, "unit": unit}, held=True)


@user.command()
@_security
def take(
    api: Api,
    id: Id,
    role: Annotated[Role, typer.Argument(help=_ROLE)],
    unit: Annotated[str, typer.Argument(help="单位编码；全平台的管理员和运维为 *")],
) -> None:
    """收回角色（安全管理员）。"""
    _replace(api, id, {"role": role.value, "unit": unit}, held=False)


@user.command()
def password(
    id: Id,
    old: Annotated[str, typer.Option(prompt="原密码", hide_input=True, envvar="SHENGZHI_PASSWORD")],
    new: Annotated[str, typer.Option(prompt="新密码", hide_input=True, confirmation_prompt="再次输入新密码")],
    folder: Folder = RUN,
    url: Url = "",
    secrets: Secrets = None,
) -> None:
    """修改本人密码；首次登录也用它。"""
    try:
        address, _ = place_of(folder, url, secrets)
        with Api.signed_in(address, id, old, new):
            out.print("密码已修改，其他会话和令牌已失效。")
    except Refused as problem:
        out.print(f"未能完成：{problem}", markup=False)
        raise typer.Exit(1) from problem


def _replace(api: Api, id: str, role: dict[str, str], *, held: bool) -> None:
    """Say anew what somebody holds, with one role more or less, if nobody else has changed it meanwhile."""
    known = api.get(f"/users/{id}")
    others = [each for each in known["roles"] if each != role]
    api.put(f"/users/{id}/roles", {"roles": [*others, *([role] if held else [])]}, known["version"])
    out.print(f"{id}：{'已授予' if held else '已收回'}{ROLES[Role(role['role'])]}@{role['unit']}。", markup=False)


def _pages(api: Api, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        found = api.get("/users", **asked, page=page, page_size=200)
        yield from found["items"]
        if (page * 200 >= found["total"] and not found["more_than"]) or not found["items"]:
            return
        page += 1


def _root(api: Api) -> str:
    """The administrator's unit, or the one at the top of the tree."""
    try:
        return home(api)
    except Refused:
        units = api.get("/units", page_size=1)["items"]
        if not units:
            raise Refused("unit.unknown", "还没有单位，请先登记最高一级单位") from None
        return str(units[0]["path"][0])
