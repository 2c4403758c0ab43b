"""Reads what Grafana would read, and answers /api/health when Prometheus answers at the provisioned address."""

import json
import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

PROVISIONING = Path("/etc/grafana/provisioning")


def check() -> None:
    """Raise where a file is missing or cannot be read."""
    (source,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/rollcall.yml").read_text())["providers"]
    dashboards = [json.loads(path.read_text()) for path in Path(provider["options"]["path"]).glob("*.json")]
    assert len(dashboards) >= 4
    panels = [panel for each in dashboards for panel in each["panels"] if panel["type"] != "row"]
    assert all(panel["datasource"]["uid"] == source["uid"] for panel in panels)
    assert Path(os.environ["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).is_file()
    assert Path(os.environ["GF_SECURITY_ADMIN_PASSWORD__FILE"]).read_text().strip()
    with urllib.request.urlopen(source["url"] + "/-/healthy", timeout=3) as answer:
        assert answer.status == 200


class Handler(BaseHTTPRequestHandler):
    """One route."""

    def do_GET(self) -> None:
        """200 when `check` passes."""
        try:
            check()
            status, text = 200, "ok"
        except (OSError, AssertionError, KeyError, ValueError) as error:
            status, text = 503, repr(error)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("0.0.0.0", 3000), Handler).serve_forever()
