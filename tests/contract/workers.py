"""k8s/base/workers.yaml, made of its template for every service: `python -m tests.contract.workers`."""

from pathlib import Path

from services.cli import WORKERS

BASE = Path(__file__).parents[2] / "k8s" / "base"
WRITTEN = BASE / "workers.yaml"
_HEAD = "# Made of worker.yaml by `make manifests`.\n"


def workers() -> str:
    """The template for each worker by its name."""
    template = (BASE / "worker.yaml").read_text("utf-8")
    manifests = "".join(line for line in template.splitlines(keepends=True) if not line.startswith("#"))
    return _HEAD + "---\n".join(manifests.replace("WORKER", name) for name in WORKERS)


if __name__ == "__main__":
    WRITTEN.write_text(workers(), "utf-8")
