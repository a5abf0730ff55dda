"""Keys and the first administrators' passwords: made once under the run folder, never put into the store."""

import os
import secrets
from pathlib import Path

from services.kernel.message import signing

KEYS = ("master.key", "chain.key")
PASSWORDS = {"admin": "系统管理员", "security": "安全管理员", "audit": "审计管理员"}
"""The first accounts, each with its password in a file NAME.password."""
FILES = (*KEYS, signing.FILE, *(f"{name}.password" for name in PASSWORDS))


def generate(folder: Path) -> dict[str, str]:
    """Make what is missing, readable by the owner alone; what exists is kept, for the data need it.

    Gives the passwords that were made, by account.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEYS:
        _write_once(folder / name, secrets.token_bytes(32))
    _write_once(folder / signing.FILE, signing.written([signing.new_key()]).encode())
    made = {account: secrets.token_urlsafe(15) for account in PASSWORDS}
    return {name: word for name, word in made.items() if _write_once(folder / f"{name}.password", word.encode())}


def replace_signing(folder: Path, keys: list[signing.Key]) -> None:
    """Put other signing keys into force: the file is there all the time, whole."""
    _write(folder / signing.FILE, signing.written(keys).encode())


def _write_once(path: Path, content: bytes) -> bool:
    if path.exists():
        return False
    _write(path, content)
    return True


def _write(path: Path, content: bytes) -> None:
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    made.rename(path)
