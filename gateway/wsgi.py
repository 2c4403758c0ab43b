"""The composition edge: reads the environment, opens the metrics listener, and builds `app` for gunicorn."""

from __future__ import annotations

import atexit
import os
from logging.config import dictConfig

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server

from gateway.app import create_app
from gateway.config import Config
from gateway.logs import logging_settings
from gateway.tracing import start_tracing, trace_requests

config = Config.from_environ(os.environ)
dictConfig(logging_settings(config.log_level))
registry = CollectorRegistry()
for collector in (ProcessCollector, PlatformCollector, GCCollector):
    collector(registry=registry)
traced = start_tracing("gateway", config.otlp_endpoint)
app = create_app(config, registry=registry)
atexit.register(app.extensions["results"].recorder.close)
if traced:
    trace_requests(app)
start_http_server(config.metrics_port, addr=config.bind_host, registry=registry)
