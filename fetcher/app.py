"""The factory: the only place that puts the fetcher together."""

from __future__ import annotations

import logging
import re
import secrets
import time
from pathlib import Path

from flask import Flask, Response, g, has_request_context, request
from prometheus_client import CollectorRegistry

from contracts.fetch_api import REQUEST_ID_HEADER
from contracts.platforms import Platform
from fetcher.api import create_api
from fetcher.cache import Cache
from fetcher.clock import Clock, SystemClock
from fetcher.config import Config
from fetcher.departures import Source
from fetcher.hash_key import open_hash_key
from fetcher.limiter.handler import Handler
from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.store import Store
from fetcher.limits_report import LimitsReport
from fetcher.lookup import Lookup
from fetcher.metrics import Metrics
from fetcher.plan import Planner
from fetcher.problems import register_problems
from fetcher.sources.bearer_token import BearerToken
from fetcher.sources.instagram import InstagramSource, Login
from fetcher.sources.transport import Line
from fetcher.sources.x import XSource

_log = logging.getLogger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MOST_BYTES = 8 << 20
EMULATED_TOKEN = "emulated"  # noqa: S105 - the emulated platform takes any token.


def create_app(
    config: Config,
    *,
    clock: Clock | None = None,
    registry: CollectorRegistry | None = None,
    store: Store | None = None,
    sources: dict[Platform, Source] | None = None,
) -> Flask:
    """The Flask application. A collaborator left out is the real one. Raises StoreUnavailable."""
    clock = SystemClock() if clock is None else clock
    metrics = Metrics(CollectorRegistry() if registry is None else registry)
    folder = config.state_dir / "fetcher"
    store = _store(config, folder, clock) if store is None else store
    handler = Handler(config.limits, store, clock, metrics, secret=open_hash_key(folder / "hash.key"))
    sources = _sources(config, handler, clock) if sources is None else sources
    cache = Cache(
        store,
        instagram_s=config.instagram_cache_s,
        negative_s=config.negative_cache_s,
        clock_tolerance_s=config.limits.rules[Platform.X].clock_tolerance_s,
        most=config.cache_most,
    )
    credentials = [(source.platform, source.credential) for source in sources.values()]
    prices = {method: usd for rules in config.limits.rules.values() for method, usd in rules.prices.items()}
    lookup = Lookup(sources, cache, store, handler, clock, metrics=metrics, emulated=config.emulated, prices=prices)
    limits = LimitsReport(
        handler,
        credentials,
        emulated=config.emulated,
        methods=lambda platform: sources[platform].health(),
        waiting=lookup.waiting,
    )
    metrics.watch(limits)
    planner = Planner(sources, cache, handler)

    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    app.register_blueprint(create_api(lookup, limits, planner, cache))
    register_problems(app)
    _watch(app, metrics)
    return app


def request_id() -> str | None:
    """The id of the request at hand."""
    return g.get("request_id") if has_request_context() else None


def _sources(config: Config, handler: Handler, clock: Clock) -> dict[Platform, Source]:
    url = config.emulator_url if config.emulated else None
    line = Line(handler=handler, clock=clock, timeout_s=config.upstream_timeout_s, emulator_url=url)
    login = None
    if not config.emulated and config.instagram_user is not None:
        login = Login(config.instagram_user, config.instagram_session_file, config.instagram_session_id)
    sources: dict[Platform, Source] = {Platform.INSTAGRAM: InstagramSource(line, login)}
    if config.emulated:
        sources[Platform.X] = XSource(BearerToken(EMULATED_TOKEN), line)
    elif config.x_bearer_token is not None:
        sources[Platform.X] = XSource(BearerToken(config.x_bearer_token, config.x_bearer_token_file), line)
    return sources


def _store(config: Config, folder: Path, clock: Clock) -> Store:
    if config.redis_url is None:
        return SQLiteStore(folder / f"{config.platforms.value}-2.sqlite3", clock)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return RedisStore(config.redis_url, config.platforms.value, marker=folder / f"{config.platforms.value}.redis")


def _watch(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        metrics.began()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        route = "unmatched" if request.url_rule is None else request.url_rule.rule
        metrics.ended(route, request.method if request.url_rule else "ANY", response.status_code, seconds)
        response.headers[REQUEST_ID_HEADER] = g.request_id
        _log.info(
            "request",
            extra={
                "hop": "fetcher",
                "route": route,
                "method": request.method,
                "status": response.status_code,
                "ms": round(seconds * 1e3, 1),
                **g.get("counted", {}),
            },
        )
        return response
