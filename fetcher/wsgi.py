"""The composition edge: reads the environment, starts logging and the metrics listener, and builds `app`."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server

from fetcher.app import create_app, request_id
from fetcher.config import Config
from fetcher.logs import start_logging
from fetcher.tracing import trace_fetcher

_config = Config.from_environ(os.environ)
_registry = CollectorRegistry()
ProcessCollector(registry=_registry)
PlatformCollector(registry=_registry)
GCCollector(registry=_registry)
start_logging(_config.log_level, request_id)
app = create_app(_config, registry=_registry)
trace_fetcher(app, _config.otlp_endpoint)
start_http_server(_config.metrics_port, addr=_config.bind_host, registry=_registry)
