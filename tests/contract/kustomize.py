"""The Kubernetes manifests as a cluster would get them.

There is no kustomize among the tools that can be locked, so the few things that our kustomizations do
(resources, namespace, images, replicas, strategic-merge patches of maps) are done here; any other field is
refused, not passed over.
"""

import re
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
DONE_HERE = {"apiVersion", "kind", "resources", "namespace", "images", "replicas", "patches"}


def render(folder: Path) -> list[Manifest]:
    """The manifests of a base or an overlay, as `kubectl kustomize` would print them.

    Raises:
        ValueError: a file is missing, a patch meets nothing, or a field is used that is not done here.
    """
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if other := set(kustomization) - DONE_HERE:
        raise ValueError(f"{folder}: {sorted(other)} not known here")
    manifests: list[Manifest] = []
    for resource in kustomization["resources"]:
        place = folder / resource
        if not place.exists():
            raise ValueError(f"{place}: no such file")
        manifests += render(place) if place.is_dir() else documents(place)
    for patch in kustomization.get("patches", []):
        for change in documents(folder / patch["path"]):
            manifests = _patched(manifests, change, patch.get("target"))
    for image in kustomization.get("images", []):
        _set_image(manifests, image)
    for replicas in kustomization.get("replicas", []):
        _find(manifests, "Deployment", replicas["name"])["spec"]["replicas"] = replicas["count"]
    for manifest in manifests:
        if "namespace" in kustomization and manifest["kind"] != "Namespace":
            manifest["metadata"]["namespace"] = kustomization["namespace"]
    return manifests


def documents(path: Path) -> list[Manifest]:
    """The manifests in a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _patched(manifests: list[Manifest], change: Manifest, target: dict[str, str] | None) -> list[Manifest]:
    """A strategic-merge patch of maps, of all that the target selects; `$patch: delete` removes the whole object."""
    wanted = {"kind": change["kind"], "name": change["metadata"]["name"]} if target is None else target
    kind, name = wanted.get("kind", ".*"), wanted.get("name", ".*")
    met = [
        each for each in manifests if re.fullmatch(kind, each["kind"]) and re.fullmatch(name, each["metadata"]["name"])
    ]
    if not met:
        raise ValueError(f"a patch meets no {kind} {name}")
    if change.get("$patch") == "delete":
        return [each for each in manifests if not any(each is other for other in met)]
    for each in met:
        _merge(each, {key: value for key, value in change.items() if key != "metadata"})
    return manifests


def _merge(into: Manifest, change: Manifest) -> None:
    for key, value in change.items():
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _set_image(manifests: list[Manifest], image: dict[str, Any]) -> None:
    containers = [
        container
        for manifest in manifests
        if "template" in manifest.get("spec", {})
        for container in manifest["spec"]["template"]["spec"]["containers"]
        if container["image"] == image["name"]
    ]
    if not containers:
        raise ValueError(f"no container has the image {image['name']}")
    for container in containers:
        container["image"] = f"{image['newName']}:{image['newTag']}"


def _find(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    for manifest in manifests:
        if (manifest["kind"], manifest["metadata"]["name"]) == (kind, name):
            return manifest
    raise ValueError(f"no {kind} {name}")
