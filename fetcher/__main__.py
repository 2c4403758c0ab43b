"""`python -m fetcher`: checks the configuration and becomes gunicorn with one worker of several threads."""

from __future__ import annotations

import os
import resource
import sys

from fetcher.config import Config
from fetcher.errors import ConfigurationError

_DRAIN_S = 65
_OPEN_FILES = 4096
"""gunicorn keeps up to 1000 connections, answers need files of their own, and many systems start with 1024 in all."""


def main() -> int:
    """Exit code 2 where the configuration is wrong; otherwise this process is replaced."""
    try:
        config = Config.from_environ(os.environ)
    except ConfigurationError as error:
        print(f"The fetcher's configuration is wrong: {error}.", file=sys.stderr)  # noqa: T201 - for the person who starts it.
        return 2
    _raise_open_files()
    arguments = [
        *(sys.executable, "-m", "gunicorn", "fetcher.wsgi:app"),
        *("--bind", address(config.bind_host, config.port)),
        *("--worker-class", "fetcher.gunicorn_worker.Worker", "--workers", "1", "--threads", str(config.threads)),
        *("--timeout", "90", "--graceful-timeout", str(_DRAIN_S), "--keep-alive", "30"),
        *("--log-level", "warning", "--no-control-socket", "--config", "python:fetcher.gunicorn_hooks"),
    ]
    return os.execv(sys.executable, arguments)  # noqa: S606 - the program is this Python.


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
