"""How the text of one variable becomes a value.

What cannot be read raises ValueError, whose words say what would be right and follow "it must be".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from gateway.prevalence import InvalidPrevalence, Shares, read_prevalence


def port(text: str) -> int:
    """A port; 0 takes any free one."""
    if not (text.isascii() and text.isdecimal() and int(text) < 65536):
        raise ValueError("a port from 0 to 65535")
    return int(text)


def threads(text: str) -> int:
    """How many threads."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 256):
        raise ValueError("a whole number from 1 to 256")
    return int(text)


def url(text: str) -> str:
    """An address of HTTP, without a slash at its end."""
    try:
        address = urlsplit(text)
        readable = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:
        readable = False
    if not readable or address.query or address.fragment:
        raise ValueError("an address such as http://127.0.0.1:8001")
    return text.rstrip("/")


def grpc_address(text: str) -> str:
    """Host and port, as gRPC names them."""
    host, _, digits = text.rpartition(":")
    if not host or not digits.isdecimal() or not 0 < int(digits) < 65536 or "//" in host.removeprefix("dns:///"):
        raise ValueError("a gRPC address such as 127.0.0.1:8500")
    return text


def database_url(text: str) -> str:
    """An address of SQLAlchemy's whose driver is installed."""
    # Heavy, and commands that need no database read the configuration too.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # noqa: PLC0415

    try:
        make_url(text).get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        sentence = "an address such as sqlite:////var/lib/rollcall/gateway.db, of a database whose driver is installed"
        raise ValueError(sentence) from None
    return text


def number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """A number of `unit` within bounds."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = float("nan")
        if not low <= found <= high:
            raise ValueError(f"a number of {unit} from {low:g} to {high:g}")
        return found

    return read


def switch(text: str) -> bool:
    """0 or 1, and their usual synonyms."""
    if text.lower() not in {"0", "1", "false", "true", "no", "yes"}:
        raise ValueError("0 or 1")
    return text.lower() in {"1", "true", "yes"}


def hosts(text: str) -> tuple[str, ...]:
    """Host names with commas between them, in lower case."""
    found = tuple(host.strip().lower() for host in text.split(",") if host.strip())
    if any("/" in host or " " in host for host in found):
        raise ValueError("host names with commas between them, such as rollcall.example,localhost")
    return found


def limiter_storage_url(text: str) -> str:
    """A Redis."""
    if urlsplit(text).scheme not in {"redis", "rediss"}:
        raise ValueError("an address such as redis://127.0.0.1:6379/1")
    return text


def queue_url(text: str) -> str:
    """A Redis or a file of SQLite."""
    if urlsplit(text).scheme not in {"redis", "rediss", "sqlite"}:
        raise ValueError("an address such as redis://host:6379/1 or sqlite:////var/lib/rollcall/queue.db")
    return text


def one_of(*choices: str) -> Callable[[str], str]:
    """One of some words, whatever their case."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text.lower()

    return read


def shares(text: str) -> Shares:
    """A share of each class."""
    try:
        return read_prevalence(text)
    except InvalidPrevalence as error:
        example = "regular=0.85, bot=0.05, influencer=0.02, fake=0.08"
        raise ValueError(f"shares of all four classes that add up to 1, such as {example} ({error})") from None


def path(text: str) -> Path:
    """A file, wherever the process goes later."""
    return Path(text).absolute()
