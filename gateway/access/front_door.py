"""Puts together what stands before every request: keys, sessions, limits, the names under which we are reached."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from gateway.access.binding import open_to_strangers, trusted_hosts
from gateway.access.caller import known_caller
from gateway.access.gate import keep_access
from gateway.access.key_file import KeyFile
from gateway.access.keys import InvalidKeys
from gateway.access.limits import keep_limits
from gateway.access.pages import create_access_pages
from gateway.access.secret_key import SecretKey, SecretKeyError, open_secret_key
from gateway.access.sessions import Sessions
from gateway.config import Config, ConfigError
from gateway.metrics import Metrics


def open_front_door(
    app: Flask, config: Config, secret: SecretKey, metrics: Metrics, *, is_api: Callable[[str], bool]
) -> None:
    """Let nobody past who may not come; raises ConfigError.

    `is_api` tells by its path whether a request is answered with problem details instead of a page.
    """
    keys = open_keys(config)
    sessions = Sessions(secret)
    app.config["TRUSTED_HOSTS"] = trusted_hosts(config)
    app.jinja_env.globals["caller"] = known_caller
    app.jinja_env.globals["keys_needed"] = keys is not None
    keep_access(app, keys, sessions, metrics, is_api=is_api)
    if keys is not None:
        keep_limits(app, config.limiter_storage_url)
    app.register_blueprint(create_access_pages(keys, sessions))


def secret_of(config: Config) -> SecretKey:
    """The installation's secret key; raises ConfigError."""
    try:
        return open_secret_key(config.secret_key_file)
    except SecretKeyError as error:
        raise ConfigError([str(error)]) from None


def open_keys(config: Config) -> KeyFile | None:
    """The keys, None where everybody is let in; raises ConfigError where that would be strangers too."""
    if trouble := open_to_strangers(config):
        raise ConfigError([trouble])
    return keys_of(config)


def keys_of(config: Config) -> KeyFile | None:
    """The keys, None where none are configured; raises ConfigError."""
    try:
        return KeyFile(config.api_keys_file) if config.api_keys_file else None
    except InvalidKeys as error:
        raise ConfigError([f"The keys in API_KEYS_FILE cannot be used: {error}."]) from None
