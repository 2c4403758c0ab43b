"""What the commands of the model store need to know, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).with_name("models")


class InvalidConfig(Exception):  # noqa: N818 - it names what was given.
    """The environment is wrong; the message lists every mistake."""


@dataclass(frozen=True, slots=True)
class Config:
    """`store`: the writable model store; `shipped`: the read-only versions that fill it at first start.

    `servers`: host:port of the gRPC listener of every replica; `gateway`: base address of the gateway's API.
    """

    store: Path
    shipped: Path
    servers: tuple[str, ...]
    gateway: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read MODEL_STORE, STATE_DIR, SHIPPED_MODELS, MODEL_SERVERS, MODEL_SERVER and GATEWAY_URL.

        Raises InvalidConfig.
        """
        home = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        state = Path(environ.get("STATE_DIR") or Path(home) / "rollcall")
        store = Path(environ.get("MODEL_STORE") or state / "models")
        listed = environ.get("MODEL_SERVERS") or environ.get("MODEL_SERVER") or "127.0.0.1:8500"
        servers = tuple(each.strip() for each in listed.split(",") if each.strip())
        gateway = environ.get("GATEWAY_URL") or f"http://127.0.0.1:{environ.get('GATEWAY_PORT') or 8000}"
        mistakes = [
            f"MODEL_SERVERS: {server!r} is not host:port."
            for server in servers
            if not server.rpartition(":")[0] or not server.rpartition(":")[2].isdecimal()
        ]
        if not gateway.startswith(("http://", "https://")):
            mistakes.append(f"GATEWAY_URL: {gateway!r} is not an http address.")
        if mistakes:
            raise InvalidConfig(" ".join(mistakes))
        return cls(store.absolute(), Path(environ.get("SHIPPED_MODELS") or SHIPPED), servers, gateway.rstrip("/"))
