"""The fetcher's configuration: read once from the environment, frozen, all mistakes reported together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isnan
from pathlib import Path
from urllib.parse import urlsplit

from fetcher.errors import ConfigurationError
from fetcher.limiter.limits_file import DEFAULT_FILE, read_limits
from fetcher.limiter.rules import Limits


class Platforms(StrEnum):
    """Which platforms are asked; never both."""

    EMULATED = "emulated"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that the fetcher is told. Times in seconds."""

    platforms: Platforms
    state_dir: Path
    limits: Limits
    emulator_url: str = "http://127.0.0.1:8002"
    x_bearer_token: str | None = field(default=None, repr=False)
    x_bearer_token_file: Path | None = None
    """The file that holds it, if it came from one; a changed one is taken up without a restart."""
    instagram_user: str | None = field(default=None, repr=False)
    instagram_session_file: Path | None = None
    instagram_session_id: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    """Where several fetchers share one record; None is a SQLite file under `state_dir`."""
    cache_most: int = 100_000
    upstream_timeout_s: float = 8.0
    instagram_cache_s: float = 6 * 3600.0
    negative_cache_s: float = 600.0
    bind_host: str = "127.0.0.1"
    port: int = 8001
    metrics_port: int = 9101
    threads: int = 16
    log_level: str = "info"
    otlp_endpoint: str | None = None

    @property
    def emulated(self) -> bool:
        """Whether no platform is asked at all."""
        return self.platforms is Platforms.EMULATED

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read and check; raises ConfigurationError with every mistake."""
        read = _Environ(environ)
        user, session = read.text("INSTAGRAM_USER"), read.existing_file("INSTAGRAM_SESSION_FILE")
        session_id = read.secret("INSTAGRAM_SESSION_ID")
        if (user is None) != (session is None and session_id is None):
            read.wrong("INSTAGRAM_USER and INSTAGRAM_SESSION_FILE (or INSTAGRAM_SESSION_ID) belong together")
        platforms = Platforms(read.choice("PLATFORMS", list(Platforms), Platforms.EMULATED))
        limits = read.limits(emulated=platforms is Platforms.EMULATED)
        config = {
            "platforms": platforms,
            "state_dir": read.state_dir(),
            "emulator_url": read.loopback_url("EMULATOR_URL", "http://127.0.0.1:8002"),
            "x_bearer_token": read.secret("X_BEARER_TOKEN"),
            "x_bearer_token_file": Path(named) if (named := read.text("X_BEARER_TOKEN_FILE")) else None,
            "instagram_user": user,
            "instagram_session_file": session,
            "instagram_session_id": session_id,
            "redis_url": read.redis_url(),
            "cache_most": int(read.number("CACHE_MOST", 100_000, 1, 10_000_000)),
            "upstream_timeout_s": read.number("UPSTREAM_TIMEOUT_S", 8.0, 0.5, 60.0),
            "instagram_cache_s": read.number("INSTAGRAM_CACHE_S", 6 * 3600.0, 0.0, 86400.0),
            "negative_cache_s": read.number("NEGATIVE_CACHE_S", 600.0, 0.0, 86400.0),
            "bind_host": read.text("BIND_HOST") or "127.0.0.1",
            "port": int(read.number("FETCHER_PORT", 8001, 0, 65535)),
            "metrics_port": int(read.number("FETCHER_METRICS_PORT", 9101, 0, 65535)),
            "threads": int(read.number("FETCHER_THREADS", 16, 1, 256)),
            "otlp_endpoint": read.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            "log_level": read.choice("LOG_LEVEL", ["debug", "info", "warning", "error"], "info"),
        }
        if read.mistakes or limits is None:
            raise ConfigurationError(read.mistakes)
        return cls(limits=limits, **config)  # type: ignore[arg-type]


class _Environ:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.mistakes: list[str] = []

    def wrong(self, mistake: str) -> None:
        self.mistakes.append(mistake)

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def choice(self, name: str, choices: list[str], default: str) -> str:
        value = (self.text(name) or default).lower()
        if value not in choices:
            self.wrong(f"{name} must be one of {', '.join(choices)}")
            return default
        return value

    def number(self, name: str, default: float, low: float, high: float, *, optional: bool = False) -> float:
        text = self.text(name)
        if text is None and optional:
            return default
        try:
            value = default if text is None else float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            self.wrong(f"{name} must be a number from {low:g} to {high:g}")
            return default
        return value

    def existing_file(self, name: str) -> Path | None:
        text = self.text(name)
        if text is None:
            return None
        path = Path(text).expanduser()
        if not path.is_file():
            self.wrong(f"{name} names a file that does not exist")
        return path

    def secret(self, name: str) -> str | None:
        """The secret itself, or the content of the file that NAME_FILE names."""
        value, file = self.text(name), self.existing_file(f"{name}_FILE")
        if value is not None and file is not None:
            self.wrong(f"{name} and {name}_FILE are both set; set one")
        if file is not None and file.is_file():
            value = file.read_text(encoding="utf-8").strip() or None
        if value is not None and not (value.isascii() and value.isprintable() and " " not in value):
            self.wrong(f"{name} holds characters that no token has")
        return value

    def loopback_url(self, name: str, default: str) -> str:
        value = self.text(name) or default
        address = urlsplit(value)
        if address.scheme != "http" or not address.hostname or address.path not in {"", "/"}:
            self.wrong(f"{name} must be an address such as {default}")
        return value

    def url(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
            self.wrong(f"{name} must be an address such as http://127.0.0.1:4318")
        return value and value.rstrip("/")

    def state_dir(self) -> Path:
        if text := self.text("STATE_DIR"):
            return Path(text).expanduser()
        if text := self.text("XDG_STATE_HOME"):
            return Path(text).expanduser() / "rollcall"
        home = self.text("HOME")
        return (Path(home) if home else Path.home()) / ".local/state/rollcall"

    def redis_url(self) -> str | None:
        value = self.secret("FETCHER_REDIS_URL")
        if value is not None and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            self.wrong("FETCHER_REDIS_URL must be an address such as redis://127.0.0.1:6379/0")
        return value

    def limits(self, *, emulated: bool) -> Limits | None:
        """The file, changed by LIMITS_OVERRIDE and the budget variables; emulated platforms have a budget only if set.

        Where a variable names a budget, 0 is no bound, as in the file.
        """
        overrides = self.text("LIMITS_OVERRIDE") or ""
        day = self.number("X_BUDGET_USD_PER_DAY", float("nan"), 0, 1e6, optional=True)
        month = self.number("X_BUDGET_USD_PER_MONTH", float("nan"), 0, 1e6, optional=True)
        if emulated and ".budget." not in overrides:
            day, month = (0.0 if isnan(bound) else bound for bound in (day, month))
        for name, bound in (("day_usd", day), ("month_usd", month)):
            overrides += "" if isnan(bound) else f"; x.budget.{name}={bound}"
        try:
            return read_limits(self.existing_file("LIMITS_FILE") or DEFAULT_FILE, overrides)
        except ConfigurationError as error:
            self.mistakes += error.mistakes
            return None
