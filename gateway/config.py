"""The gateway's configuration, read once from the environment into a frozen value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway import config_readers as readers
from gateway.prevalence import Prevalence, Shares

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
    it lives in memory, as does the secret key. Without `api_keys_file` everybody is the operator; `open_access` says
    that others than this machine may be, too.
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
    database_start_wait_s: float = 0.0
    queue_url: str = field(default=IN_MEMORY, repr=False)
    worker_metrics_port: int = 9102
    worker_threads: int = 4
    batch_lease_s: float = 60.0
    log_level: str = "info"
    otlp_endpoint: str | None = None
    api_keys_file: Path | None = None
    open_access: bool = False
    trusted_hosts: tuple[str, ...] = ()
    secret_key_file: Path | None = None
    limiter_storage_url: str | None = field(default=None, repr=False)
    fetcher_metrics_url: str = "http://127.0.0.1:9101/metrics"
    worker_metrics_url: str = "http://127.0.0.1:9102/metrics"
    prometheus_url: str | None = None
    prevalence_x: Shares | None = None
    prevalence_instagram: Shares | None = None
    retention_days: float = 30.0
    tombstones_file: Path | None = None
    recheck_usd_per_day: float = 1.0

    @property
    def emulated(self) -> bool:
        """Whether every account is invented."""
        return self.platforms is Platforms.EMULATED

    @property
    def prevalence(self) -> Prevalence:
        """How common each class is assumed to be, where this deployment says so."""
        named = {"x": self.prevalence_x, "instagram": self.prevalence_instagram}
        return Prevalence({platform: shares for platform, shares in named.items() if shares is not None})

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read `environ`; an empty variable counts as not set. Raises ConfigError with all mistakes at once."""
        values: dict[str, Any] = {}
        mistakes = []
        for variable, (name, read) in VARIABLES.items():
            try:
                text = _given(variable, environ)
            except ValueError as error:
                mistakes.append(str(error))
                continue
            if text:
                try:
                    values[name] = read(text)
                except ValueError as error:
                    shown = "given" if variable in SECRETS else repr(text[:80])
                    mistakes.append(f"{variable} is {shown}; it must be {error}.")
        if mistakes:
            raise ConfigError(mistakes)
        state = state_in(environ)
        defaults = {
            # The ports by which `make run` moves its parts, so that a command beside it finds them.
            "fetcher_url": f"http://127.0.0.1:{environ.get('FETCHER_PORT') or 8001}",
            "emulator_url": f"http://127.0.0.1:{environ.get('EMULATOR_PORT') or 8002}",
            "model_server": f"127.0.0.1:{environ.get('MODEL_GRPC_PORT') or 8500}",
            "database_url": f"sqlite:///{state / 'gateway.db'}",
            "queue_url": f"sqlite:///{state / 'queue.db'}",
            "secret_key_file": state / "gateway-secret.key",
            "tombstones_file": state / "tombstones.jsonl",
        }
        return cls(**{**defaults, **values})


def _given(variable: str, environ: Mapping[str, str]) -> str:
    """The text of `variable`; of a secret also the content of the file that NAME_FILE names. Raises ValueError."""
    text = environ.get(variable, "").strip()
    path = environ.get(f"{variable}_FILE", "").strip() if variable in SECRETS else ""
    if not path:
        return text
    if text:
        raise ValueError(f"{variable} and {variable}_FILE are both set; set one.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{variable}_FILE is {path!r}; it must be a file that can be read.") from None


def state_in(environ: Mapping[str, str]) -> Path:
    """Where everything lies that must survive a restart."""
    home = environ.get("XDG_STATE_HOME", "").strip() or Path.home() / ".local" / "state"
    return Path(environ.get("STATE_DIR", "").strip() or Path(home) / "rollcall").absolute()


VARIABLES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "BIND_HOST": ("bind_host", str),
    "GATEWAY_PORT": ("port", readers.port),
    "GATEWAY_METRICS_PORT": ("metrics_port", readers.port),
    "GATEWAY_THREADS": ("threads", readers.threads),
    "PLATFORMS": ("platforms", lambda text: Platforms(readers.one_of(*Platforms)(text))),
    "FETCHER_URL": ("fetcher_url", readers.url),
    "EMULATOR_URL": ("emulator_url", readers.url),
    "MODEL_SERVER": ("model_server", readers.grpc_address),
    "FETCH_DEADLINE_S": ("fetch_deadline_s", readers.number(0.1, 60, "seconds")),
    "MODEL_DEADLINE_S": ("model_deadline_s", readers.number(0.05, 30, "seconds")),
    "DATABASE_URL": ("database_url", readers.database_url),
    "DATABASE_START_WAIT_S": ("database_start_wait_s", readers.number(0, 600, "seconds")),
    "QUEUE_URL": ("queue_url", readers.queue_url),
    "WORKER_METRICS_PORT": ("worker_metrics_port", readers.port),
    "WORKER_THREADS": ("worker_threads", readers.threads),
    "BATCH_LEASE_S": ("batch_lease_s", readers.number(3, 600, "seconds")),
    "LOG_LEVEL": ("log_level", readers.one_of(*LOG_LEVELS)),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("otlp_endpoint", readers.url),
    "API_KEYS_FILE": ("api_keys_file", readers.path),
    "OPEN_ACCESS": ("open_access", readers.switch),
    "TRUSTED_HOSTS": ("trusted_hosts", readers.hosts),
    "SECRET_KEY_FILE": ("secret_key_file", readers.path),
    "LIMITER_STORAGE_URL": ("limiter_storage_url", readers.limiter_storage_url),
    "FETCHER_METRICS_URL": ("fetcher_metrics_url", readers.url),
    "WORKER_METRICS_URL": ("worker_metrics_url", readers.url),
    "PROMETHEUS_URL": ("prometheus_url", readers.url),
    "PREVALENCE_X": ("prevalence_x", readers.shares),
    "PREVALENCE_INSTAGRAM": ("prevalence_instagram", readers.shares),
    "RETENTION_DAYS": ("retention_days", readers.number(0, 3650, "days")),
    "TOMBSTONES_FILE": ("tombstones_file", readers.path),
    "RECHECK_USD_PER_DAY": ("recheck_usd_per_day", readers.number(0, 100_000, "US dollars")),
}
"""Variable -> field and reader."""

SECRETS = frozenset({"DATABASE_URL", "LIMITER_STORAGE_URL", "QUEUE_URL"})
"""What holds a password: never shown, and also read from the file that NAME_FILE names."""
