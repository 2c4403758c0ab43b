from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from fetcher.metrics import Metrics as FetcherMetrics
from gateway.metrics import Metrics as GatewayMetrics
from monitoring.dashboards import all_dashboards
from monitoring.dashboards.files import as_files
from serving.local_server.metrics import Metrics as ServerMetrics
from tests.monitoring.promtool import promtool

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
COMMITTED = MONITORING / "grafana" / "dashboards"


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and the expression."""
    for path in sorted(COMMITTED.glob("*.json")):
        document = json.loads(path.read_text())
        for panel in document["panels"]:
            for inner in [panel, *panel.get("panels", ())]:
                for target in inner.get("targets", ()):
                    yield f"{path.stem}: {inner['title']}", target["expr"]
        for annotation in document["annotations"]["list"]:
            yield f"{path.stem}: {annotation['name']}", annotation["expr"]


def test_the_committed_dashboards_are_those_of_the_code() -> None:
    """`python -m monitoring.dashboards` writes them."""
    assert {path.name: path.read_text() for path in COMMITTED.iterdir()} == as_files(all_dashboards())


def test_prometheus_reads_every_expression(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expr} for number, (_, expr) in enumerate(expressions())]
    assert len(rules) > 60
    path = tmp_path / "expressions.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", path)


def test_every_metric_that_is_asked_for_exists() -> None:
    asked = set()
    texts = [expr for _, expr in expressions()]
    for path in (MONITORING / "rules").glob("*.yml"):
        texts += [rule["expr"] for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    for text in texts:
        asked |= set(re.findall(r"\b(?:rollcall_\w+|rollcall:\w+:\w+)|:tensorflow:serving:\w+", text))
    missing = {name for name in asked - _exported() - _recorded() if not name.startswith(_OF_THE_WORKER)}
    assert not missing


_OF_THE_WORKER = ("rollcall_batch",)
"""tests/gateway has its own test of what the worker exports."""


def _exported() -> set[str]:
    registry = CollectorRegistry()
    GatewayMetrics(registry)
    fetcher = FetcherMetrics(registry)
    fetcher.watch(_EmptyReport())
    families: list[Metric] = []
    for collector in list(registry._collector_to_names):
        families += collector.describe()
    names = {name for family in families for name in _samples(family)}
    for metric in vars(ServerMetrics()).values():
        names |= {f"{metric.name}{suffix}" for suffix in ("", "_bucket", "_sum", "_count")}
    return names


def _samples(family: Metric) -> Iterator[str]:
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "summary": ["_sum", "_count"]}
    yield from (family.name + suffix for suffix in suffixes.get(family.type, [""]))


def _recorded() -> set[str]:
    document = yaml.safe_load((MONITORING / "rules" / "recording.yml").read_text())
    return {rule["record"] for group in document["groups"] for rule in group["rules"]}


class _EmptyReport:
    """A store without anything in it."""

    def _nothing(self) -> list[Any]:
        return []

    gauges = money = health = queue = store_up = sessions = _nothing


def test_panels_have_a_unit_and_names_of_their_own() -> None:
    for path in COMMITTED.glob("*.json"):
        panels = [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]
        titles = [panel["title"] for panel in panels]
        for panel in panels:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["datasource"]["uid"] == "prometheus"
            assert panel["gridPos"]["w"] > 0
        assert len(panels) >= 12
        assert titles
