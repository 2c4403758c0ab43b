"""The command line of the model store. Thin: it prints what the parts did and ends with 1 where they refuse."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from serving.addresses import UnknownServers, find_servers
from serving.agreement import Disagreement
from serving.agreement import agree as bring_to_agreement
from serving.config import Config
from serving.launch import local_command
from serving.manifest import DamagedVersion
from serving.promotion import Promotion, PromotionRefused
from serving.seed import seed as seed_store
from serving.status import status_lines
from serving.store import Store, StoreError
from serving.traffic import GatewayError, set_canary_share
from serving.waiting import answering_servers


@click.group()
def main() -> None:
    """Publish, promote and roll back versions of the model."""


@contextmanager
def refusals() -> Iterator[None]:
    """What may go wrong with a command, as one sentence for whoever typed it."""
    try:
        yield
    except (StoreError, DamagedVersion, PromotionRefused, GatewayError, UnknownServers, Disagreement) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"The store cannot be used: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    """What the system said; copying a folder gathers what it said of each file."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][-1])
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"


def _store(config: Config) -> Store:
    return Store(config.store, config.base_uri)


@main.command()
@click.pass_obj
def seed(config: Config) -> None:
    """Copy the shipped versions into the store; done at each start."""
    with refusals():
        for line in seed_store(_store(config), config.shipped, datetime.now(UTC)):
            click.echo(line)


@main.command()
@click.pass_obj
def serve(config: Config) -> None:
    """Become the local model server of this store."""
    command = local_command(config, os.environ)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell.


@main.command(name="list")
@click.pass_obj
def list_versions(config: Config) -> None:
    """Every version in the store and the labels that point to it."""
    with refusals():
        store = _store(config)
        served = store.served()
        for number in store.versions():
            labels = [label for label, version in sorted(served.labels.items()) if version == number] if served else []
            loaded = "served" if served and number in served.versions else "-"
            click.echo(f"{number}\t{loaded}\t{','.join(labels) or '-'}\t{store.version(number)}")


@main.command()
@click.pass_obj
def status(config: Config) -> None:
    """The state of every version on every server, and the traffic between them."""
    with refusals():
        for line in status_lines(_store(config), find_servers(config.servers), config.gateway, config.gateway_key):
            click.echo(line)


@main.command()
@click.argument("version", type=int)
@click.option("--force", is_flag=True, help="Also when the evaluation is worse than the live version's.")
@click.option("--wait", type=click.FloatRange(0, 600), default=0, help="Wait so many seconds for servers that start.")
@click.pass_obj
def promote(config: Config, version: int, force: bool, wait: float) -> None:
    """Check VERSION and make it stable on every server."""
    with refusals():
        servers = answering_servers(lambda: find_servers(config.servers), seconds=wait)
        for line in Promotion(_store(config), servers).promote(version, force=force):
            click.echo(line)


@main.command()
@click.argument("version", type=int, required=False)
@click.option("--off", is_flag=True, help="Take its traffic and the label away.")
@click.option("--share", type=click.FloatRange(0, 1), help="Share of the accounts that the canary answers.")
@click.pass_obj
def canary(config: Config, version: int | None, off: bool, share: float | None) -> None:
    """Check VERSION and make it the canary; --share says how many accounts it answers, without VERSION too."""
    if off and (version is not None or share is not None):
        raise click.UsageError("--off stands alone.")
    if not off and version is None and share is None:
        raise click.UsageError("Give a version, --share or --off.")
    with refusals():
        promotion = Promotion(_store(config), find_servers(config.servers))
        if version is not None:
            for line in promotion.canary(version):
                click.echo(line)
        if share is not None:
            click.echo(set_canary_share(config.gateway, share, config.gateway_key).note)
        if off:
            _take_traffic_away(config)
            for line in promotion.end_canary():
                click.echo(line)


def _take_traffic_away(config: Config) -> None:
    """A gateway that is down sends the canary nothing, so the label can go all the same."""
    try:
        click.echo(set_canary_share(config.gateway, 0.0, config.gateway_key).note)
    except GatewayError as error:
        click.echo(f"The share was not changed: {error}", err=True)


@main.command()
@click.pass_obj
def rollback(config: Config) -> None:
    """Make the version stable that was so before."""
    with refusals():
        for line in Promotion(_store(config), find_servers(config.servers)).rollback():
            click.echo(line)


@main.command()
@click.option("--keep", type=click.IntRange(min=0), default=3, show_default=True, help="So many of the newest stay.")
@click.pass_obj
def prune(config: Config, keep: int) -> None:
    """Remove old versions that are not served."""
    with refusals():
        for line in Promotion(_store(config), find_servers(config.servers)).prune(keep):
            click.echo(line)


@main.command()
@click.option("--for", "seconds", type=click.FloatRange(0, 600), default=0, help="Look so long for servers that start.")
@click.pass_obj
def agree(config: Config, seconds: float) -> None:
    """Tell every server that serves something else what the configuration says."""
    with refusals():
        for line in bring_to_agreement(_store(config), lambda: find_servers(config.servers), seconds=seconds):
            click.echo(line)
