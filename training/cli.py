"""The command line: `python -m training [evaluate | protocol]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from training.config import DEFAULT_FILE, Config, InvalidConfig
from training.console import open_console
from training.data_folder import NoData, find_files

_FOLDER = click.Path(path_type=Path, file_okay=False)


def _config(path: Path) -> Config:
    try:
        return Config.read(path)
    except (InvalidConfig, OSError) as error:
        raise click.UsageError(str(error)) from None


def _require_data(folder: Path) -> None:
    try:
        find_files(folder)
    except NoData as error:
        click.echo(error, err=True)
        sys.exit(2)


@click.group(invoke_without_command=True)
@click.option("--data", type=_FOLDER, help="Folder with x/*.csv.gz and/or instagram/*.csv.gz.")
@click.option("--out", type=_FOLDER, help="Model store; the next version is written to OUT/rollcall/<n>.")
@click.option("--config", "config_file", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_FILE)
@click.option("--run", type=_FOLDER, help="Keeps TensorBoard logs and finished networks; a second run takes them up.")
@click.pass_context
def main(context: click.Context, data: Path | None, out: Path | None, config_file: Path, run: Path | None) -> None:
    """Train a model on labelled profiles and write it as the next version of a store."""
    context.obj = config_file
    if context.invoked_subcommand is not None:
        return
    if data is None or out is None:
        raise click.UsageError("Both --data and --out are needed.")
    config = _config(config_file)
    _require_data(data)
    from training.run_folder import RunFolder  # noqa: PLC0415
    from training.shipping import Shipping  # noqa: PLC0415 - TensorFlow takes seconds; --help and mistakes don't wait.
    from training.trainer import TooFewRows  # noqa: PLC0415

    console = open_console()
    try:
        version = Shipping(config, console, RunFolder(run) if run else None).make(data, out)
    except TooFewRows as error:
        raise click.ClickException(str(error)) from None
    console.print(f"Wrote {version}")


@main.command()
@click.option("--model", type=_FOLDER, required=True, help="A version's folder.")
@click.option("--data", type=_FOLDER, required=True)
@click.option("--rows", type=click.Choice(["p1", "all"]), default="p1", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def evaluate(model: Path, data: Path, rows: str, as_json: bool) -> None:
    """Judge a version: on the rows that P1 holds out, or on all (collections that it never saw)."""
    _require_data(data)
    from training import evaluation  # noqa: PLC0415
    from training.dataset import Dataset  # noqa: PLC0415
    from training.splits import may_ship, p1_held_out  # noqa: PLC0415
    from training.tables import evaluation_table  # noqa: PLC0415
    from training.version import UnusableVersion, Version  # noqa: PLC0415

    try:
        version = Version(model)
    except UnusableVersion as error:
        raise click.ClickException(str(error)) from None
    dataset, _ = Dataset.read(data)
    if rows == "p1":
        dataset = dataset.where(p1_held_out(dataset.frame) & may_ship(dataset.frame))
    threshold = version.description.accusation_threshold
    figures = evaluation.evaluate(lambda judged: version.predict(judged.features)[0], dataset, threshold)
    if as_json:
        click.echo(json.dumps(figures))
        return
    console = open_console()
    for title, group in (("platforms", "platforms"), ("sources", "sources"), ("as live", "live_masks")):
        console.print(evaluation_table(title, figures[group]))


@main.command()
@click.option("--data", type=_FOLDER, required=True)
@click.option("--p1", is_flag=True, help="Held-out rows of the sources that were learned from.")
@click.option("--p2", is_flag=True, help="Sources that were not learned from, one refit per fold.")
@click.option("--baselines/--no-baselines", "with_baselines", default=True, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def protocol(data: Path, p1: bool, p2: bool, with_baselines: bool, as_json: bool) -> None:
    """Rerun the protocols for the network of the configuration, beside the baselines."""
    if not p1 and not p2:
        raise click.UsageError("Choose --p1, --p2 or both.")
    config = _config(click.get_current_context().obj)
    _require_data(data)
    from training.baselines import baselines  # noqa: PLC0415
    from training.dataset import Dataset  # noqa: PLC0415
    from training.protocol import run_p1, run_p2  # noqa: PLC0415
    from training.tables import protocol_tables  # noqa: PLC0415
    from training.trainer import Trainer  # noqa: PLC0415

    console = open_console(stderr=as_json)
    trainer = Trainer(config, console)
    trainer.prepare()
    methods = {"network": trainer.method} | (baselines(config.seed, config.threads) if with_baselines else {})
    dataset, _ = Dataset.read(data)
    threshold = config.description.accusation_threshold
    answers = {
        name: run(dataset, methods, threshold, console.print)
        for name, run, wanted in (("p1", run_p1, p1), ("p2", run_p2, p2))
        if wanted
    }
    if as_json:
        click.echo(json.dumps(answers))
        return
    for table in protocol_tables(answers):
        console.print(table)
