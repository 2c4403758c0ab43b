"""The command line of the model store. Thin: it prints what the parts did and ends with 1 where they refuse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from serving.config import Config
from serving.launch import local_command
from serving.manifest import DamagedVersion
from serving.seed import seed as seed_store
from serving.store import Store, StoreError


@click.group()
def main() -> None:
    """Publish, promote and roll back versions of the model."""


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (StoreError, DamagedVersion) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.pass_obj
def seed(config: Config) -> None:
    """Copy the shipped versions into the store; done at each start."""
    with _refusals():
        for line in seed_store(Store(config.store), config.shipped):
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
    with _refusals():
        store = Store(config.store)
        served = store.served()
        for number in store.versions():
            labels = [label for label, version in sorted(served.labels.items()) if version == number] if served else []
            loaded = "served" if served and number in served.versions else "-"
            click.echo(f"{number}\t{loaded}\t{','.join(labels) or '-'}\t{store.version(number)}")
