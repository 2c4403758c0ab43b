"""Writes the rules and dashboards of monitoring/ as Kubernetes' objects: `python -m scripts.k8s_monitoring`."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "monitoring"
COMPONENT = ROOT / "k8s" / "components" / "monitoring"
_NOTE = "# Written by `python -m scripts.k8s_monitoring` from {}; a test holds the two against each other.\n"


class _Readable(yaml.SafeDumper):
    """Texts of several lines stay so."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def rules(source: Path = SOURCE) -> str:
    """A PrometheusRule of every rules file."""
    documents = [
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": f"rollcall-{file.stem}", "labels": {"app.kubernetes.io/name": "rollcall"}},
            "spec": {"groups": yaml.safe_load(file.read_text("utf-8"))["groups"]},
        }
        for file in sorted((source / "rules").glob("*.yml"))
    ]
    return _NOTE.format("monitoring/rules") + _dump(documents)


def dashboards(source: Path = SOURCE) -> str:
    """A ConfigMap of every dashboard, marked for Grafana's sidecar."""
    documents = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"dashboard-{file.stem}", "labels": {"grafana_dashboard": "1"}},
            "data": {file.name: file.read_text("utf-8")},
        }
        for file in sorted(source.rglob("dashboards/*.json"))
    ]
    return _NOTE.format("monitoring") + _dump(documents)


def _dump(documents: list[dict[str, object]]) -> str:
    return yaml.dump_all(documents, Dumper=_Readable, sort_keys=False, width=120, allow_unicode=True)


def main() -> int:
    """Write both files."""
    (COMPONENT / "prometheus-rules.yaml").write_text(rules(), "utf-8")
    (COMPONENT / "dashboards.yaml").write_text(dashboards(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
