"""Who could reach the gateway: open to all is for this machine alone, unless somebody says otherwise."""

from __future__ import annotations

import ipaddress

from gateway.config import Config


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def open_to_strangers(config: Config) -> str | None:
    """Why the gateway must not start like this, as a sentence; None where it may."""
    if config.api_keys_file or config.open_access or is_loopback(config.bind_host):
        return None
    return (
        f"BIND_HOST is {config.bind_host!r}, so others than this machine could use the gateway, and no keys are "
        "configured; make some (rollcall keys new NAME) and name their file in API_KEYS_FILE, or set OPEN_ACCESS=1 "
        "where something else keeps strangers away."
    )


def trusted_hosts(config: Config) -> list[str] | None:
    """The host names that requests may bear, None for any.

    Open on this machine, a page of another site could otherwise reach us under its own name, by letting that name
    point to 127.0.0.1.
    """
    if config.trusted_hosts:
        return list(config.trusted_hosts)
    if config.api_keys_file is None and is_loopback(config.bind_host):
        return ["localhost", "127.0.0.1", "[::1]", config.bind_host]
    return None
