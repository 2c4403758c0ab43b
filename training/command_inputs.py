"""What every command reads, and the sentence a person gets when it is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from training.config import Config, InvalidConfig
from training.data_folder import NoData, find_files

FOLDER = click.Path(path_type=Path, file_okay=False)


def read_config(path: Path) -> Config:
    """The configuration, or a usage error that names all its mistakes."""
    try:
        return Config.read(path)
    except (InvalidConfig, OSError) as error:
        raise click.UsageError(str(error)) from None


def require_data(folder: Path) -> None:
    """End with status 2 and where to get the data if `folder` holds none."""
    try:
        find_files(folder)
    except NoData as error:
        click.echo(error, err=True)
        sys.exit(2)
