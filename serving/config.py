"""What the commands of the model store need to know, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SHIPPED = Path(__file__).with_name("models")


class InvalidConfig(Exception):  # noqa: N818 - it names what was given.
    """The environment is wrong; the message lists every mistake."""


@dataclass(frozen=True, slots=True)
class Config:
    """`store`: the writable model store; `shipped`: the read-only versions that fill it at first start.

    `servers`: host:port of the gRPC listener of every replica; `gateway`: base address of the gateway's API.
    `gateway_key`: the API key of an operator, where the gateway asks for one (ROLLCALL_API_KEY).
    `base_uri`: where the servers read the versions, if not from the store (an object store, `gs://bucket/rollcall`).
    """

    store: Path
    shipped: Path
    servers: tuple[str, ...]
    gateway: str
    base_uri: str | None = None
    gateway_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read MODEL_STORE, MODEL_BASE_URI, STATE_DIR, SHIPPED_MODELS, MODEL_SERVERS, MODEL_SERVER, GATEWAY_URL
        and ROLLCALL_API_KEY.

        Raises InvalidConfig.
        """
        home = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        state = Path(environ.get("STATE_DIR") or Path(home) / "rollcall")
        store = Path(environ.get("MODEL_STORE") or state / "models")
        listed = environ.get("MODEL_SERVERS") or environ.get("MODEL_SERVER")
        listed = listed or f"127.0.0.1:{environ.get('MODEL_GRPC_PORT') or 8500}"
        servers = tuple(each.strip() for each in listed.split(",") if each.strip())
        gateway = environ.get("GATEWAY_URL") or f"http://127.0.0.1:{environ.get('GATEWAY_PORT') or 8000}"
        mistakes = [
            f"MODEL_SERVERS: {server!r} is not host:port."
            for server in servers
            if not server.rpartition(":")[0] or not server.rpartition(":")[2].isdecimal()
        ]
        if not gateway.startswith(("http://", "https://")):
            mistakes.append(f"GATEWAY_URL: {gateway!r} is not an http address.")
        base_uri = environ.get("MODEL_BASE_URI") or None
        if base_uri is not None and "://" not in base_uri:
            mistakes.append(f"MODEL_BASE_URI: {base_uri!r} is not an address such as gs://bucket/models/rollcall.")
        if mistakes:
            raise InvalidConfig(" ".join(mistakes))
        shipped = Path(environ.get("SHIPPED_MODELS") or SHIPPED)
        key = environ.get("ROLLCALL_API_KEY") or None
        return cls(store.absolute(), shipped, servers, gateway.rstrip("/"), base_uri, key)
