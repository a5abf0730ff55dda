"""Commands through the public API: one place for where the platform is and who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from services.cli import acting
from services.cli.client import Api
from services.organisation.contract import Role


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """As whom and where a command has signed in."""
    found: list[tuple[Any, ...]] = []

    @contextmanager
    def signed(*told: Any) -> Iterator[str]:
        found.append(told)
        yield "api"

    monkeypatch.setattr(acting, "place_of", lambda folder, url, secrets: (url or "http://here", folder))
    monkeypatch.setattr(acting, "signed_in", signed)
    monkeypatch.setenv("SHENGZHI_PASSWORD", "secret")
    return found


app = typer.Typer()
By = Annotated[str, typer.Option("--as")]


@app.command()
@acting.through_api(lambda guard, **own: Role.security_admin if guard else Role.system_admin, "by", By)
def do(api: Api, what: str, guard: bool = False) -> None:
    """Do it."""
    typer.echo(f"{api} {what} {guard}")


@pytest.mark.parametrize(
    ("arguments", "signed", "said"),
    [
        (["x"], ("http://here", Path(".run"), "", "secret", Role.system_admin), "api x False"),
        (
            ["x", "--guard", "--as", "me", "--url", "http://there", "--folder", "run"],
            ("http://there", Path("run"), "me", "secret", Role.security_admin),
            "api x True",
        ),
    ],
    ids=["as the role's first account", "as who is named, by the role that the options ask for"],
)
def test_a_command_is_given_who_is_signed_in(
    asked: list[tuple[Any, ...]], arguments: list[str], signed: tuple[Any, ...], said: str
) -> None:
    """Its own options go to it, the common ones say where and as whom."""
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.output.strip()) == (0, said)
    assert asked == [signed]


def test_a_refusal_is_said_and_ends_the_command(tmp_path: Path) -> None:
    """Where nothing runs."""
    result = CliRunner().invoke(app, ["x", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "platform.down" in result.output
