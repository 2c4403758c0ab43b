"""Grafana's dashboards as code: `python -m monitoring.dashboards` writes them to monitoring/grafana/dashboards."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.batches import batches
from monitoring.dashboards.limits import limits
from monitoring.dashboards.overview import overview
from monitoring.dashboards.versions import versions


def all_dashboards() -> list[Dashboard]:
    """Every dashboard, in the order in which a person looks at them."""
    return [overview(), limits(), versions(), batches()]
