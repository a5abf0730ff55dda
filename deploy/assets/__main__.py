"""Look and widgets of the pages, from their packages: pinned by version and hash, trimmed to what we serve.

`make assets` asks npm for the packages that `assets.json` names, checks them, and writes what the pages serve with its
hashes. Nothing else of the repository needs npm: what is written is committed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).with_name("assets.json")
STATIC = Path(__file__).parents[2] / "services" / "edge" / "pages" / "static"


def package(name: str, version: str, integrity: str, folder: Path) -> dict[str, bytes]:
    """The files of a package by their path in it; what has another hash than the pinned one is not opened."""
    packed = subprocess.run(
        ["npm", "pack", f"{name}@{version}", "--json", "--ignore-scripts"],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    archive = folder / json.loads(packed.stdout)[0]["filename"]
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != integrity:
        raise SystemExit(f"{name} {version} has the hash {found}, pinned is {integrity}")
    with tarfile.open(archive) as opened:
        members = {member.name.split("/", 1)[1]: opened.extractfile(member) for member in opened if member.isfile()}
        return {path: file.read() for path, file in members.items() if file is not None}


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Each rule of minified CSS as (what stands before its braces, what stands within them)."""
    depth = start = body = 0
    for at, letter in enumerate(css):
        if letter == "{":
            depth += 1
            body = at if depth == 1 else body
        elif letter == "}":
            depth -= 1
            if depth == 0:
                yield css[start:body], css[body + 1 : at]
                start = at + 1


def trimmed(css: str, kept: re.Pattern[str]) -> str:
    """The rules all of whose classes match; animations, faces and what has no class stay."""
    out = []
    for head, body in blocks(css):
        if head.startswith(("@media", "@supports")):
            if within := trimmed(body, kept):
                out.append(f"{head}{{{within}}}")
        elif head.startswith("@"):
            out.append(f"{head}{{{body}}}")
        elif some := [one for one in selectors(head) if all(map(kept.fullmatch, re.findall(r"\.([\w-]+)", one)))]:
            out.append(f"{','.join(some)}{{{body}}}")
    return "\n".join(out) if out else ""


def selectors(head: str) -> list[str]:
    """What commas separate, but for those within parentheses."""
    return re.findall(r"(?:[^,(]|\([^()]*(?:\([^()]*\)[^()]*)*\))+", head)


def sprite(svgs: dict[str, bytes]) -> str:
    """Icons as one file of symbols, each named as in its package."""
    symbols = []
    for name, svg in svgs.items():
        drawn = re.sub(r"<!--.*?-->", "", svg.decode(), flags=re.DOTALL)
        paths = "".join(line.strip() for line in re.sub(r"</?svg.*?>", "", drawn, flags=re.DOTALL).splitlines())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def made(manifest: dict[str, Any], packages: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    """What the pages serve, by file name."""

    def text(name: str, path: str) -> str:
        return re.sub(r"\n?(//# |/\*# )sourceMappingURL=\S+( \*/)?\n?", "\n", packages[name][path].decode())

    core = text("@tabler/core", "dist/css/tabler.min.css").removeprefix('@charset "UTF-8";')
    banner, core = core.split("*/", 1)
    _, chosen = text("@tabler/core", "dist/css/tabler-vendors.min.css").split("*/", 1)
    look = trimmed(core, re.compile("|".join(manifest["keep"])))
    choosing = text("tom-select", "dist/css/tom-select.bootstrap5.min.css").replace("--bs-", "--tblr-")
    picking = trimmed(choosing + chosen, re.compile("|".join(manifest["keep_choosing"])))
    icons = {name: packages["@tabler/icons"][f"icons/outline/{name}.svg"] for name in sorted(manifest["icons"])}
    return {
        "tabler.css": f"{banner}*/\n{look}\n{picking}\n".encode(),
        "htmx.js": text("htmx.org", "dist/htmx.min.js").encode(),
        "tom-select.js": text("tom-select", "dist/js/tom-select.popular.min.js").encode(),
        "icons.svg": sprite(icons).encode(),
        "licences/tabler-icons.txt": packages["@tabler/icons"]["LICENSE"],
        "licences/htmx.txt": packages["htmx.org"]["LICENSE"],
        "licences/tom-select.txt": packages["tom-select"]["LICENSE"],
    }


def main() -> None:
    """Write the files, and their hashes into the manifest."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        packages = {
            name: package(name, pinned["version"], pinned["integrity"], Path(folder))
            for name, pinned in manifest["packages"].items()
        }
    files = made(manifest, packages)
    for name, content in files.items():
        (STATIC / name).parent.mkdir(exist_ok=True)
        (STATIC / name).write_bytes(content)
    manifest["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    MANIFEST.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
