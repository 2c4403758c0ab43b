"""`python -m gateway`: checks the configuration and runs gunicorn with one process of threads."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
from typing import Any

from gunicorn.app.base import BaseApplication

from gateway.access.front_door import open_keys
from gateway.config import Config, ConfigError
from gateway.logs import logging_settings


class Server(BaseApplication):  # type: ignore[misc] # gunicorn publishes no types.
    """gunicorn, set by our configuration instead of its own files."""

    def __init__(self, config: Config) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        """One worker, so that limits and metrics are those of the process; replicas scale it."""
        settings = {
            "bind": address(self._config.bind_host, self._config.port),
            "worker_class": "gateway.gunicorn_worker.Worker",
            "logger_class": "gateway.gunicorn_logger.QuietLogger",
            "workers": 1,
            "threads": self._config.threads,
            "timeout": 60,
            "graceful_timeout": 30,
            "keepalive": 75,
            "control_socket_disable": True,
            "logconfig_dict": logging_settings(self._config.log_level),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, built in the worker."""
        from gateway.wsgi import app  # noqa: PLC0415 - Importing it opens sockets, which only the worker may do.

        return app


_OPEN_FILES = 4096
"""gunicorn keeps up to 1000 connections, answers need files of their own, and many systems start with 1024 in all."""


def main() -> int:
    """Run until a signal; 2 if the environment is wrong, 1 if the database cannot be opened."""
    try:
        config = Config.from_environ(os.environ)
        open_keys(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _raise_open_files()
    migration = subprocess.Popen([sys.executable, "-m", "gateway.migrations"])
    # Loaded here, meanwhile, the modules are shared with the worker instead of held twice.
    import gateway.app  # noqa: F401, PLC0415

    if migration.wait():
        return migration.returncode
    gc.freeze()
    Server(config).run()
    return 0


def address(host: str, port: int) -> str:
    """As gunicorn reads it: an IPv6 address stands in brackets."""
    return f"[{host.strip('[]')}]:{port}" if ":" in host else f"{host}:{port}"


def _raise_open_files() -> None:
    """Let this process open so many files, or as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
