"""Keys and the first administrator's password: made once under the run folder, never put into the store."""

import os
import secrets
from pathlib import Path

from services.kernel import signing

KEYS = ("master.key", "chain.key")
PASSWORD = "admin.password"  # noqa: S105  # a file's name
FILES = (*KEYS, signing.FILE, PASSWORD)


def generate(folder: Path) -> None:
    """Make what is missing, readable by the owner alone; what exists is kept, for the data need it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEYS:
        _write_once(folder / name, secrets.token_bytes(32))
    _write_once(folder / signing.FILE, signing.written([signing.new_key()]).encode())
    _write_once(folder / PASSWORD, secrets.token_urlsafe(15).encode())


def replace_signing(folder: Path, keys: list[signing.Key]) -> None:
    """Put other signing keys into force: the file is there all the time, whole."""
    _write(folder / signing.FILE, signing.written(keys).encode())


def _write_once(path: Path, content: bytes) -> None:
    if not path.exists():
        _write(path, content)


def _write(path: Path, content: bytes) -> None:
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    made.rename(path)
