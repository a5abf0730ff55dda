"""Commands that somebody signed in gives through the public API: their common options, and what a refusal says."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from services.cli.accounts import signed_in
from services.cli.client import Api, Refused
from services.cli.load import RUN, Folder, Secrets, Url, place_of
from services.cli.terminal import console
from services.organisation.contract import Role

out = console()
_Keyword = inspect.Parameter.KEYWORD_ONLY


@contextmanager
def acting(role: Role, folder: Path, url: str, secrets: Path | None, by: str) -> Iterator[Api]:
    """Signed in as who is named, else as the first account of the role; what is refused is said and ends the command.

    The password comes from SHENGZHI_PASSWORD, or is the one that is kept beside the platform's keys.
    """
    try:
        address, keys = place_of(folder, url, secrets)
        with signed_in(address, keys, by, os.environ.get("SHENGZHI_PASSWORD", ""), role) as api:
            yield api
    except Refused as problem:
        out.print(f"未能完成：{problem}", markup=False)
        raise typer.Exit(1) from problem


def through_api(
    role: Role | Callable[..., Role], account: str, option: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function whose first parameter is the signed-in `Api`; the rest are its own options.

    It has, beside these, where the platform is and (as `account`, by `option`) who acts. `role` may depend on its own.
    """
    common = {"folder": (Folder, RUN), "url": (Url, ""), "secrets": (Secrets, None), account: (option, "")}

    def made(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        _, *own = inspect.signature(function).parameters.values()

        @functools.wraps(function)
        def command(**given: Any) -> None:
            place = {name: given.pop(name) for name in ("folder", "url", "secrets")}
            by = given.pop(account)
            acts = role if isinstance(role, Role) else role(**given)
            with acting(acts, **place, by=by) as api:
                function(api, **given)

        parameters = [each.replace(kind=_Keyword, annotation=hints[each.name]) for each in own]
        parameters += [inspect.Parameter(n, _Keyword, default=d, annotation=a) for n, (a, d) in common.items()]
        del command.__wrapped__  # or its own parameters would be read
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return made


as_operations = through_api(
    Role.operations,
    "user",
    Annotated[str, typer.Option("--user", envvar="SHENGZHI_USER", help="运维账号；不填为样例运维账号")],
)
"""A command of operations."""
