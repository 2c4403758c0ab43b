"""The gateway's configuration, read once from the environment into a frozen value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

LOG_LEVELS = ("debug", "info", "warning", "error")
IN_MEMORY = "sqlite://"


class Platforms(StrEnum):
    """Where the fetcher's answers come from."""

    EMULATED = "emulated"
    LIVE = "live"


class ConfigError(ValueError):
    """The environment is wrong; `mistakes` holds one sentence for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(" ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Addresses, bounds and switches of the gateway; docs/configuration.md lists the variables.

    Times are in seconds. `metrics_port` 0 takes any free port. The environment names a database on disk; without one
    it lives in memory.
    """

    bind_host: str = "127.0.0.1"
    port: int = 8000
    metrics_port: int = 9100
    threads: int = 16
    platforms: Platforms = Platforms.EMULATED
    fetcher_url: str = "http://127.0.0.1:8001"
    emulator_url: str = "http://127.0.0.1:8002"
    model_server: str = "127.0.0.1:8500"
    fetch_deadline_s: float = 10.0
    model_deadline_s: float = 2.0
    database_url: str = field(default=IN_MEMORY, repr=False)
    log_level: str = "info"

    @property
    def emulated(self) -> bool:
        """Whether every account is invented."""
        return self.platforms is Platforms.EMULATED

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read `environ`; an empty variable counts as not set. Raises ConfigError with all mistakes at once."""
        values: dict[str, Any] = {}
        mistakes = []
        for variable, (name, read) in VARIABLES.items():
            if text := environ.get(variable, "").strip():
                try:
                    values[name] = read(text)
                except ValueError as error:
                    shown = "given" if variable in SECRETS else repr(text[:80])
                    mistakes.append(f"{variable} is {shown}; it must be {error}.")
        if mistakes:
            raise ConfigError(mistakes)
        return cls(**{"database_url": _database_in(environ), **values})


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 65536):
        raise ValueError("a port from 0 to 65535")
    return int(text)


def _threads(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 256):
        raise ValueError("a whole number from 1 to 256")
    return int(text)


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            seconds = float(text)
        except ValueError:
            seconds = float("nan")
        if not low <= seconds <= high:
            raise ValueError(f"a number of seconds from {low:g} to {high:g}")
        return seconds

    return read


def _url(text: str) -> str:
    try:
        address = urlsplit(text)
        readable = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:
        readable = False
    if not readable or address.query or address.fragment:
        raise ValueError("an address such as http://127.0.0.1:8001")
    return text.rstrip("/")


def _target(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536 or "//" in host.removeprefix("dns:///"):
        raise ValueError("a gRPC address such as 127.0.0.1:8500")
    return text


def _database(text: str) -> str:
    try:
        make_url(text).get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        sentence = "an address such as sqlite:////var/lib/rollcall/gateway.db, of a database whose driver is installed"
        raise ValueError(sentence) from None
    return text


def _database_in(environ: Mapping[str, str]) -> str:
    home = environ.get("XDG_STATE_HOME", "").strip() or Path.home() / ".local" / "state"
    state = Path(environ.get("STATE_DIR", "").strip() or Path(home) / "rollcall").absolute()
    return f"sqlite:///{state / 'gateway.db'}"


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text.lower()

    return read


VARIABLES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "BIND_HOST": ("bind_host", str),
    "GATEWAY_PORT": ("port", _port),
    "GATEWAY_METRICS_PORT": ("metrics_port", _port),
    "GATEWAY_THREADS": ("threads", _threads),
    "PLATFORMS": ("platforms", lambda text: Platforms(_one_of(*Platforms)(text))),
    "FETCHER_URL": ("fetcher_url", _url),
    "EMULATOR_URL": ("emulator_url", _url),
    "MODEL_SERVER": ("model_server", _target),
    "FETCH_DEADLINE_S": ("fetch_deadline_s", _seconds(0.1, 60)),
    "MODEL_DEADLINE_S": ("model_deadline_s", _seconds(0.05, 30)),
    "DATABASE_URL": ("database_url", _database),
    "LOG_LEVEL": ("log_level", _one_of(*LOG_LEVELS)),
}
"""Variable -> field and reader."""

SECRETS = frozenset({"DATABASE_URL"})
"""What holds a password and is never shown."""
