"""`python -m gateway.worker`: checks the configuration, brings the tables to their newest form, and works until a
signal.
"""

from __future__ import annotations

import os
import sys
from logging.config import dictConfig

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server

from gateway.config import Config, ConfigError
from gateway.database import open_database
from gateway.database_wait import wait_until_open
from gateway.errors import DatabaseUnavailableError
from gateway.logs import logging_settings
from gateway.migrations.upgrade import upgrade
from gateway.tracing import start_tracing
from gateway.worker.worker import Worker

_WAIT_S = 15.0
"""Nobody waits for the worker, so it may wait for its turn at the database."""
_ANSWER_S = 120.0
"""The daily deletions may take a while, as may another worker's change of the tables; what takes longer hangs."""


def main() -> int:
    """Run until a signal; 2 if the environment is wrong, 1 if the database cannot be opened."""
    try:
        config = Config.from_environ(os.environ)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    dictConfig(logging_settings(config.log_level))
    engine = open_database(config.database_url, wait_s=_WAIT_S, answer_s=_ANSWER_S)
    try:
        wait_until_open(engine, config.database_start_wait_s)
        upgrade(engine)
    except DatabaseUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    start_tracing("worker", config.otlp_endpoint)
    try:
        worker = Worker(config, engine, registry)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    start_http_server(config.worker_metrics_port, addr=config.bind_host, registry=registry)
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
