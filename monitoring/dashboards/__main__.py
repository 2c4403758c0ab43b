"""`python -m monitoring.dashboards`: write each dashboard as the JSON that Grafana is provisioned with."""

from __future__ import annotations

from pathlib import Path

from monitoring.dashboards import all_dashboards
from monitoring.dashboards.files import write

if __name__ == "__main__":
    write(all_dashboards(), Path(__file__).parents[1] / "grafana" / "dashboards")
