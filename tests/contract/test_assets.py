"""What the pages serve of others' work is what its packages hold, with its licence and with every class that we use."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

from services.edge.documents.page import PAGES

MANIFEST = json.loads(Path("deploy/assets/assets.json").read_text("utf-8"))
STATIC = PAGES / "static"
FIRST_VISIT = ("tabler.css", "style.css", "icons.svg", "frame.js", "htmx.js", "tom-select.js")
SCRIPTED = {"scripted", "tomselected", "visually-hidden"}
"""Given by scripts, or found by them."""


def classes_of(template: str) -> set[str]:
    """The classes that a template gives, but for those that are put together."""
    plain = re.sub(r"\{[%#].*?[%#]\}", " ", template, flags=re.DOTALL)
    given = re.findall(r'class="((?:[^"{]|\{\{.*?\}\})*)"', plain)
    return {name for some in given for name in re.sub(r"\S*\{\{.*?\}\}\S*", " ", some).split()}


def test_each_file_is_as_its_package_has_it() -> None:
    """Nobody edits them by hand: `make assets` writes them and their hashes."""
    written = {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in MANIFEST["files"]}
    assert written == MANIFEST["files"], "run `make assets`"


def test_each_package_is_pinned_and_its_licence_is_there() -> None:
    """A version, a hash, and the words under which it may be served."""
    for name, pinned in MANIFEST["packages"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", pinned["version"]), name
        assert pinned["integrity"].startswith("sha512-"), name
    kept = {path.stem for path in (STATIC / "licences").iterdir()}
    assert kept == {"tabler", "tabler-icons", "htmx", "tom-select"}


def test_every_class_of_the_templates_has_a_rule() -> None:
    """A class whose rules were trimmed away is added to `keep` in assets.json; one without a rule is left out."""
    rules = (STATIC / "tabler.css").read_text("utf-8") + (STATIC / "style.css").read_text("utf-8")
    known = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", rules)) | SCRIPTED
    scripts = "".join(path.read_text("utf-8") for path in STATIC.glob("*.js") if path.name not in MANIFEST["files"])
    for path in sorted((PAGES / "templates").glob("*.html")):
        lost = {name for name in classes_of(path.read_text("utf-8")) - known if f".{name}" not in scripts}
        assert not lost, f"{path.name}: {lost}"


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    """A template or the side bar names it as its package does."""
    from services.edge.pages.navigation import GROUPS  # noqa: PLC0415  (the rest of the module needs no page)

    templates = "".join(path.read_text("utf-8") for path in (PAGES / "templates").glob("*.html"))
    named = set(re.findall(r'icon\("([\w-]+)"', templates)) | set(GROUPS.values())
    assert named <= set(MANIFEST["icons"])


def test_a_first_visit_is_light() -> None:
    """At most 300 kB of look and scripts, compressed; the charts of a report come with the report."""
    weight = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in FIRST_VISIT)
    assert weight < 300_000
