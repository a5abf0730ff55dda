"""The alerts: rules that promtool accepts, over metrics that exist."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from services.kernel import metrics

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"


def rules() -> list[dict[str, Any]]:
    """Every rule of the file."""
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def unknown(expression: str) -> Iterator[str]:
    """Metrics of ours in an expression that nobody exports."""
    registered = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    exported = {family.name for metric in registered for family in metric.describe()}
    for name in re.findall(r"shengzhi_\w+", expression):
        if name.removesuffix("_total").removesuffix("_bucket") not in exported:
            yield name


@pytest.mark.parametrize("command", [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]])
def test_the_alerts_are_valid_and_ring_when_they_should(command: list[str]) -> None:
    """promtool accepts the rules, and each rings on its example and is silent before it."""
    done = subprocess.run(["promtool", *command], cwd=FOLDER, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_watches_a_metric_that_exists_and_is_tried(rule: dict[str, Any]) -> None:
    """No alert waits for a metric that nobody exports, and each has an example."""
    assert not list(unknown(rule["expr"]))
    assert f"alertname: {rule['alert']}" in (FOLDER / "alerts_test.yaml").read_text()


def test_a_metric_that_nobody_exports_is_noticed() -> None:
    """The comparison sees a misspelt name."""
    assert list(unknown("shengzhi_outbox_oldest_secs > 1")) == ["shengzhi_outbox_oldest_secs"]
