"""The command that turns approved corrections into a source of training rows."""

from __future__ import annotations

from pathlib import Path

import click

from training.command_inputs import FOLDER


@click.command()
@click.option("--corrections", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=True)
@click.option("--out", type=FOLDER, required=True, help="The data folder that training reads.")
@click.option("--source", default="feedback", show_default=True, help="The name that the rows get as a collection.")
def feedback(corrections: Path, out: Path, source: str) -> None:
    """Add corrections that an operator approved as one more source.

    Train on the folder afterwards, and read `compare --old --new` per class before the version is promoted.
    """
    from training.feedback import InvalidCorrections, read_corrections, write_source  # noqa: PLC0415 - pandas is slow.

    try:
        read = read_corrections(corrections.read_text("utf-8"))
    except InvalidCorrections as error:
        raise click.ClickException(str(error)) from None
    for path, rows in write_source(read, out, source).items():
        click.echo(f"{path}: {rows} rows")
    click.echo(f"{sum(not each.approved for each in read)} corrections are not approved and were left out.")
