from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.promtool import promtool

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
RULES = sorted((MONITORING / "rules").glob("*.yml"))
CASES = sorted((MONITORING / "rule_tests").glob("*.yml"))


def alerts() -> Iterator[dict[str, Any]]:
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", *RULES)


def test_the_configuration_is_valid() -> None:
    promtool("check", "config", "--syntax-only", MONITORING / "prometheus" / "prometheus.yml")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_alerts_fire_and_keep_still(path: Path) -> None:
    promtool("test", "rules", path)


def test_every_alert_is_shown_to_fire_and_not_to_fire() -> None:
    fires, still = set(), set()
    for path in CASES:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for each in test["alert_rule_test"]:
                (fires if each["exp_alerts"] else still).add(each["alertname"])
    names = {alert["alert"] for alert in alerts()}
    assert (fires, still) == (names, names)


def test_every_alert_has_a_severity_and_a_part_of_the_runbook() -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    names = []
    for alert in alerts():
        assert alert["labels"]["severity"] in {"page", "ticket", "notice"}, alert["alert"]
        assert alert["annotations"]["runbook_url"] == f"docs/runbook.md#{alert['alert'].lower()}"
        assert {"summary", "description"} <= set(alert["annotations"])
        names.append(alert["alert"])
    assert sorted(set(names)) == sorted(headings)


def test_the_example_of_alertmanager_routes_every_severity() -> None:
    example = yaml.safe_load((MONITORING / "alertmanager" / "alertmanager.example.yml").read_text())
    receivers = {receiver["name"] for receiver in example["receivers"]}
    routes = [example["route"], *example["route"]["routes"]]
    assert {route["receiver"] for route in routes} == receivers
    assert {matcher for route in example["route"]["routes"] for matcher in route["matchers"]} == {
        'severity = "page"',
        'severity = "ticket"',
    }


def test_the_service_levels_are_read_at_bounds_that_the_gateway_measures() -> None:
    from gateway.metrics import _BUCKETS

    bounds = set(re.findall(r'le="([\d.]+)"', (MONITORING / "rules" / "recording.yml").read_text()))
    assert bounds == {"0.1", "5.0"}
    assert {float(bound) for bound in bounds} <= set(_BUCKETS)
