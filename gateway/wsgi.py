"""The composition edge: reads the environment, opens the metrics listener, and builds `app` for gunicorn."""

from __future__ import annotations

import os
from logging.config import dictConfig

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server

from gateway.app import create_app
from gateway.config import Config
from gateway.logs import logging_settings

config = Config.from_environ(os.environ)
dictConfig(logging_settings(config.log_level))
registry = CollectorRegistry()
for collector in (ProcessCollector, PlatformCollector, GCCollector):
    collector(registry=registry)
app = create_app(config, registry=registry)
start_http_server(config.metrics_port, addr=config.bind_host, registry=registry)
