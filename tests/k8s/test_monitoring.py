"""What Prometheus Operator is given is what compose's Prometheus reads."""

from __future__ import annotations

import re

import yaml

from scripts.k8s_monitoring import COMPONENT, SOURCE, dashboards, rules
from tests.k8s.manifests import NAME, of_kind, overlay

_DURATION = re.compile(r"(\d+(ms|s|m|h|d|w|y))+")


def test_rules_and_dashboards_are_those_of_monitoring() -> None:
    assert (COMPONENT / "prometheus-rules.yaml").read_text("utf-8") == rules()
    assert (COMPONENT / "dashboards.yaml").read_text("utf-8") == dashboards()


def test_rules_have_the_form_of_the_custom_resource() -> None:
    # monitoring.coreos.com/v1: groups have a name and rules; a rule has an expression and one of `record` and `alert`.
    documents = list(yaml.safe_load_all((COMPONENT / "prometheus-rules.yaml").read_text("utf-8")))
    assert {each["kind"] for each in documents} == {"PrometheusRule"}
    names = [group["name"] for each in documents for group in each["spec"]["groups"]]
    assert len(names) == len(set(names)) > 0
    for document in documents:
        for group in document["spec"]["groups"]:
            assert group.keys() <= {"name", "interval", "rules", "limit", "labels"}
            for rule in group["rules"]:
                assert rule.keys() <= {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
                assert ("record" in rule) != ("alert" in rule)
                assert isinstance(rule["expr"], str)
                assert all(isinstance(value, str) for value in rule.get("labels", {}).values())
                assert "for" not in rule or _DURATION.fullmatch(rule["for"])


def test_every_hop_is_scraped_under_the_name_of_its_job() -> None:
    wanted = yaml.safe_load((SOURCE / "prometheus" / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    jobs = {(each["job_name"], each.get("metrics_path", "/metrics")) for each in wanted}
    services = list(of_kind(overlay("local"), "Service"))
    monitors = list(yaml.safe_load_all((COMPONENT / "service-monitors.yaml").read_text("utf-8")))
    found = set()
    for monitor in monitors:
        assert monitor["spec"]["jobLabel"] == NAME
        selector = monitor["spec"]["selector"]["matchLabels"]
        for endpoint in monitor["spec"]["endpoints"]:
            there = [
                service
                for service in services
                if selector.items() <= service["metadata"]["labels"].items()
                and endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
            ]
            assert len(there) == 1
            # One address a pod: behind a virtual one every scrape would reach another replica.
            assert there[0]["spec"].get("clusterIP") == "None"
            found.add((there[0]["metadata"]["labels"][NAME], endpoint.get("path", "/metrics")))
    assert found == jobs - {("prometheus", "/metrics")}
