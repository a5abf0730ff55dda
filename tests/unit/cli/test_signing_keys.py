"""`shengzhi signing-keys`: a key is replaced in three steps, none of which can be taken too early."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from services.cli.app import app
from services.cli.local.keys import generate
from services.kernel.message.signing import FILE, Key, read


def run(folder: Path, step: str) -> tuple[int, str]:
    """Status and words of a step."""
    done = CliRunner().invoke(app, ["signing-keys", step, "--secrets", str(folder)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def kept(folder: Path) -> list[Key]:
    """The keys in force."""
    return read((folder / FILE).read_text())


def test_a_key_is_replaced_in_three_steps(tmp_path: Path) -> None:
    """Added it is only accepted, then it signs, then the old one goes; the file stays the owner's alone."""
    generate(tmp_path)
    (old,) = kept(tmp_path)
    for step, why in (("use", "请先添加"), ("drop", "不能停用")):
        status, said = run(tmp_path, step)
        assert (status, why in said) == (1, True)
    assert run(tmp_path, "add")[0] == 0
    first, new = kept(tmp_path)
    assert first == old
    status, said = run(tmp_path, "add")
    assert (status, "已有两个密钥" in said) == (1, True)
    assert run(tmp_path, "use")[0] == 0
    assert kept(tmp_path) == [new, old]
    status, said = run(tmp_path, "list")
    assert said.split() == [new.id, "签名", old.id, "仅验证"]
    assert not {key.secret.hex() for key in (old, new)} & set(said.split())
    assert run(tmp_path, "drop")[0] == 0
    assert kept(tmp_path) == [new]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_without_keys_it_says_so(tmp_path: Path) -> None:
    """A folder without the file is named, and nothing is made in it."""
    status, said = run(tmp_path, "add")
    assert (status, FILE in said) == (1, True)
    assert not list(tmp_path.iterdir())
