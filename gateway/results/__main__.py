"""`python -m gateway.results`: deletions after a restore, and the daily work by hand."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from prometheus_client import CollectorRegistry

from gateway.access.front_door import secret_of
from gateway.config import Config, ConfigError
from gateway.database import open_database
from gateway.errors import DatabaseUnavailableError
from gateway.fetcher_client import FetcherClient
from gateway.metrics import Metrics
from gateway.results.daily import Daily, open_daily
from gateway.results.tombstones import read_file

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def main() -> None:
    """Stored results: deletions after a restore, and the daily work by hand."""
    logging.getLogger("gateway").addHandler(logging.StreamHandler())


@main.command()
@click.option("--from", "source", type=_FILE, help="A further file of tombstones.")
def retombstone(source: Path | None) -> None:
    """Delete again what tombstones name, after a database was restored."""
    try:
        stones = read_file(source) if source else []
    except OSError as error:
        raise click.ClickException(f"{source} cannot be read: {error.strerror}.") from None
    _tell("Deleted again", _daily().results.erasure.reapply(stones))


@main.command()
@click.option("--out", type=_FILE, required=True)
def tombstones(out: Path) -> None:
    """Write every tombstone to a file, to keep it elsewhere than the database."""
    try:
        click.echo(f"{_daily().results.erasure.export(out)} tombstones in {out}.")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}.") from None


@main.command()
def sweep() -> None:
    """Delete what its time is over."""
    _tell("Deleted", _daily().sweep())


@main.command()
def recheck() -> None:
    """Look stored X accounts up again, and delete those that X no longer shows."""
    _tell("Accounts", _daily().recheck())


def _daily() -> Daily:
    try:
        config = Config.from_environ(os.environ)
        metrics = Metrics(CollectorRegistry())
        fetcher = FetcherClient(config.fetcher_url, metrics)
        engine, secret = open_database(config.database_url), secret_of(config)
        return open_daily(config, engine, secret, fetcher, metrics, now=lambda: datetime.now(UTC))
    except ConfigError as error:
        raise click.UsageError("\n".join(error.mistakes)) from None
    except DatabaseUnavailableError as error:
        raise click.ClickException(str(error)) from None


def _tell(what: str, counts: Mapping[str, int]) -> None:
    click.echo(f"{what}: {', '.join(f'{count} {name}' for name, count in counts.items()) or 'nothing'}.")


if __name__ == "__main__":
    try:
        main()
    except DatabaseUnavailableError as failure:
        sys.exit(str(failure))
