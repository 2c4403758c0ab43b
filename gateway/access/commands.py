"""`rollcall keys`: makes, lists and takes away API keys."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gateway.access.caller import Role
from gateway.access.key_file import load_keys, save_keys
from gateway.access.keys import NAME_RULE, PER_MINUTE, InvalidKeys, Key, digest_of, is_name, new_secret
from gateway.config import state_in

_FILE = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="API_KEYS_FILE",
    help="The file of keys; api-keys.toml under STATE_DIR unless API_KEYS_FILE names another.",
)


@click.group()
def keys() -> None:
    """API keys of the gateway. Only their digests are kept."""


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.VIEWER.value, show_default=True)
@click.option("--per-minute", type=click.IntRange(1, 1_000_000), default=PER_MINUTE, show_default=True)
@click.option("--usd-per-day", type=click.FloatRange(0, 1_000_000), help="What its requests may cost in a UTC day.")
@_FILE
def new(name: str, role: str, per_minute: int, usd_per_day: float | None, path: Path | None) -> None:
    """Make a key and print it, once.

    A name that exists gets a second key, so that programs can change over before `remove` takes the old one away.
    """
    if not is_name(name):
        raise click.BadParameter(f"It must be {NAME_RULE}.", param_hint="NAME")
    path = path or _default_file()
    found = _load(path) if path.exists() else ()
    secret = new_secret()
    made = Key(name, Role(role), digest_of(secret), per_minute, usd_per_day)
    if any(key.name == name and key.caller != made.caller for key in found):
        raise click.ClickException(
            f"There is a key named {name} with another role or other limits; choose another name."
        )
    _save(path, [*found, made])
    click.echo(secret)
    click.echo(
        f"Kept by its digest in {path}; it is not shown again. A running gateway takes it up by itself.", err=True
    )
    if not os.environ.get("API_KEYS_FILE"):
        click.echo(f"Start the gateway with API_KEYS_FILE={path}.", err=True)


@keys.command("list")
@_FILE
def list_keys(path: Path | None) -> None:
    """Print every key: name, role, limits, and the beginning of its digest."""
    for key in _load(path or _default_file()):
        money = "no bound" if key.usd_per_day is None else f"{key.usd_per_day:g} USD a day"
        click.echo(f"{key.name:<24} {key.role:<9} {key.per_minute} a minute  {money}  {key.digest[:12]}")


@keys.command()
@click.argument("name")
@click.option("--digest", default="", help="Only the key whose digest begins so, as `list` shows it.")
@_FILE
def remove(name: str, digest: str, path: Path | None) -> None:
    """Take the keys of a name away; their sessions end at once."""
    path = path or _default_file()
    found = _load(path)
    kept = [key for key in found if key.name != name or not key.digest.startswith(digest)]
    if len(kept) == len(found):
        click.echo(f"No such key: {name}.", err=True)
        sys.exit(1)
    _save(path, kept)
    click.echo(f"Taken away: {len(found) - len(kept)}.")


def _default_file() -> Path:
    return state_in(os.environ) / "api-keys.toml"


def _load(path: Path) -> tuple[Key, ...]:
    try:
        return load_keys(path)
    except InvalidKeys as error:
        raise click.ClickException(f"{path} cannot be used: {error}.") from None


def _save(path: Path, found: list[Key]) -> None:
    try:
        save_keys(path, found)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None
