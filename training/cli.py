"""The command line: `python -m training [evaluate | compare | protocol | search | feedback | card]`."""

from __future__ import annotations

from pathlib import Path

import click

from training.command_inputs import FOLDER, read_config, require_data
from training.config import DEFAULT_FILE
from training.console import open_console
from training.feedback_command import feedback
from training.judging_commands import card, compare, evaluate, protocol
from training.search_command import search


@click.group(invoke_without_command=True)
@click.option("--data", type=FOLDER, help="Folder with x/*.csv.gz and/or instagram/*.csv.gz.")
@click.option("--out", type=FOLDER, help="Model store; the next version is written to OUT/rollcall/<n>.")
@click.option("--config", "config_file", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_FILE)
@click.option("--run", type=FOLDER, help="Keeps TensorBoard logs and finished networks; a second run takes them up.")
@click.pass_context
def main(context: click.Context, data: Path | None, out: Path | None, config_file: Path, run: Path | None) -> None:
    """Train a model on labelled profiles and write it as the next version of a store."""
    context.obj = config_file
    if context.invoked_subcommand is not None:
        return
    if data is None or out is None:
        raise click.UsageError("Both --data and --out are needed.")
    config = read_config(config_file)
    require_data(data)
    from training.run_folder import RunFolder  # noqa: PLC0415 - TensorFlow takes seconds; mistakes don't wait for it.
    from training.shipping import Shipping  # noqa: PLC0415
    from training.trainer import TooFewRows  # noqa: PLC0415

    console = open_console()
    try:
        version = Shipping(config, console, RunFolder(run) if run else None).make(data, out)
    except TooFewRows as error:
        raise click.ClickException(str(error)) from None
    console.print(f"Wrote {version}")


for command in (evaluate, compare, protocol, search, feedback, card):
    main.add_command(command)
