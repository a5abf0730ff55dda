"""A guide of docs/ taken at its word: the files that it writes and the changes that it shows, applied to a copy."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
_STEP = re.compile(r"^ *`([\w./-]+)`$|^( *)```(python|diff)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_COPIED = ("services", "tests", "docs", "deploy", "k8s", "proto", "pyproject.toml", ".importlinter")


def apply(guide: str, folder: Path) -> list[str]:
    """Copy the tree to a folder and take the guide's steps there; gives the files that they touch.

    A block of Python is a file, a diff is a change of one that is there; both stand under the file's name.

    Raises:
        ValueError: a change meets no such lines, or meets them more than once.
    """
    ignored = shutil.ignore_patterns("__pycache__", "*.xlsx")
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    path, touched = "", list[str]()
    for named, _, kind, block in _STEP.findall((ROOT / "docs" / guide).read_text("utf-8")):
        if named:
            path = named
            continue
        place, text = folder / path, dedent(block)
        touched += [] if path in touched else [path]
        if kind == "diff":
            place.write_text(_changed(place.read_text("utf-8"), text, path), "utf-8")
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    return touched


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the development tools on that tree."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )


def _changed(before: str, diff: str, path: str) -> str:
    lines = [(line[:1] or " ", line[1:]) for line in diff.splitlines()]
    found = "".join(f"{line}\n" for sign, line in lines if sign != "+")
    met = f"\n{before}".count(f"\n{found}")
    if met != 1:
        raise ValueError(f"{path} has these lines {met} times:\n{found}")
    made = "".join(f"{line}\n" for sign, line in lines if sign != "-")
    return f"\n{before}".replace(f"\n{found}", f"\n{made}").removeprefix("\n")
