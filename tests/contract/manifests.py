"""What is wrong with the Kubernetes manifests: `python -m tests.contract.manifests k8s`."""

import copy
import sys
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate

from services.kernel.settings import Settings
from tests.contract.kustomize import Manifest, render

MADE_BESIDE = {"shengzhi-keys", "shengzhi-stores", "shengzhi-broker"}  # Secrets that no file holds
PROBES = {"startupProbe", "livenessProbe", "readinessProbe"}


def problems(manifests: list[Manifest]) -> Iterator[str]:
    """What the API server would refuse, and what it would take though it cannot work."""
    version = kubernetes_validate.latest_version()
    for manifest in manifests:
        try:
            kubernetes_validate.validate(copy.deepcopy(manifest), version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{_name(manifest)}: {error.message}"
        yield from (f"{_name(manifest)}: {problem}" for problem in _pod_problems(manifest, manifests))
        yield from (f"{_name(manifest)}: {problem}" for problem in _selector_problems(manifest, manifests))


def _pod_problems(manifest: Manifest, manifests: list[Manifest]) -> Iterator[str]:
    """Hardening, probes, limits, and names that must exist elsewhere."""
    template = manifest.get("spec", {}).get("template")
    if template is None:
        return
    pod = template["spec"]
    configs = {each["metadata"]["name"] for each in manifests if each["kind"] == "ConfigMap"}
    if not pod.get("securityContext", {}).get("runAsNonRoot"):
        yield "may run as root"
    for volume in pod.get("volumes", []):
        if (config := volume.get("configMap", {}).get("name")) and config not in configs:
            yield f"no ConfigMap {config}"
        if (secret := volume.get("secret", {}).get("secretName")) and secret not in MADE_BESIDE:
            yield f"no Secret {secret}"
    for container in pod["containers"]:
        yield from _container_problems(container, set() if manifest["kind"] == "Job" else PROBES)


def _container_problems(container: Manifest, wanted: set[str]) -> Iterator[str]:
    """Probes that are there and ask a port that is there, a limit, no way to more rights."""
    if missing := wanted - set(container):
        yield f"without {', '.join(sorted(missing))}"
    if "memory" not in container.get("resources", {}).get("limits", {}):
        yield "without a memory limit"
    if container.get("securityContext", {}).get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    ports = {port["name"] for port in container.get("ports", [])}
    for probe in wanted & set(container):
        action = container[probe].get("httpGet") or container[probe].get("tcpSocket") or {}
        if action and action["port"] not in ports:
            yield f"{probe} asks port {action['port']}, which is not there"


def _selector_problems(manifest: Manifest, manifests: list[Manifest]) -> Iterator[str]:
    """A Service, a budget or a policy that selects no pod does nothing and says nothing."""
    spec = manifest.get("spec", {})
    selector = {
        "Service": spec.get("selector"),
        "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels"),
        "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels"),
        "Deployment": spec.get("selector", {}).get("matchLabels"),
        "StatefulSet": spec.get("selector", {}).get("matchLabels"),
    }.get(manifest["kind"])
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in manifests if "template" in each.get("spec", {})
    ]
    if selector and not any(selector.items() <= each.items() for each in labels):
        yield f"selects no pod: {selector}"
    if manifest["metadata"]["name"] == "shengzhi-settings":
        known = {f"SHENGZHI_{field}".upper() for field in Settings.model_fields}
        yield from (f"no such setting: {name}" for name in set(manifest["data"]) - known)


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def main(root: Path) -> int:
    """Check the base and every overlay."""
    found = 0
    for kustomization in sorted(root.rglob("kustomization.yaml")):
        manifests = render(kustomization.parent)
        wrong = list(problems(manifests))
        found += len(wrong)
        sys.stdout.write("".join(f"{kustomization.parent}: {problem}\n" for problem in wrong))
        sys.stdout.write(f"{kustomization.parent}: {len(manifests)} manifests, {len(wrong)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
