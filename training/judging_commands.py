"""The commands that judge: evaluate, compare, protocol, card."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contracts.platforms import Platform
from training.command_inputs import FOLDER, read_config, require_data
from training.console import open_console

if TYPE_CHECKING:
    from training.dataset import Dataset
    from training.version import Version

# TensorFlow takes seconds to import, so each command imports what it needs: --help and mistakes answer at once.


@click.command()
@click.option("--model", type=FOLDER, required=True, help="A version's folder.")
@click.option("--data", type=FOLDER, required=True)
@click.option("--rows", type=click.Choice(["p1", "all"]), default="p1", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def evaluate(model: Path, data: Path, rows: str, as_json: bool) -> None:
    """Judge a version: on the rows that P1 holds out, or on all (collections that it never saw)."""
    from training.tables import evaluation_table, stress_table  # noqa: PLC0415
    from training.version_figures import version_figures  # noqa: PLC0415

    require_data(data)
    version = _open(model)
    figures = version_figures(
        lambda features: version.predict(features)[0],
        version.as_foreign,
        _rows(data, rows),
        version.description.accusation_thresholds,
    )
    if as_json:
        click.echo(json.dumps(figures))
        return
    console = open_console()
    for group in ("platforms", "sources", "live_masks", "gate_shut"):
        console.print(evaluation_table(group.replace("_", " "), figures[group]))
    console.print(stress_table(figures["stress"]))


@click.command()
@click.option("--old", type=FOLDER, required=True, help="The version in use.")
@click.option("--new", type=FOLDER, required=True, help="The version that may replace it.")
@click.option("--data", type=FOLDER, required=True)
@click.option("--rows", type=click.Choice(["p1", "all"]), default="p1", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def compare(old: Path, new: Path, data: Path, rows: str, as_json: bool) -> None:
    """Show what changes per class from one version to another, on the same rows."""
    from training import comparison  # noqa: PLC0415

    require_data(data)
    dataset = _rows(data, rows)
    changes = comparison.compare(_judge(old, dataset), _judge(new, dataset))
    if as_json:
        click.echo(json.dumps(changes))
    else:
        open_console().print(comparison.comparison_table(changes))


@click.command()
@click.option("--data", type=FOLDER, required=True)
@click.option("--p1", is_flag=True, help="Held-out rows of the sources that were learned from.")
@click.option("--p2", is_flag=True, help="Sources that were not learned from, one refit per fold.")
@click.option("--baselines/--no-baselines", "with_baselines", default=True, show_default=True)
@click.option("--vary", type=click.Choice(["balance", "seed", "fields"]), help="Variations in place of the baselines.")
@click.option("--platform", type=click.Choice([each.value for each in Platform]), help="One alone.")
@click.option("--epochs", type=click.IntRange(1), help="At most, for each network: cheaper, for comparing variations.")
@click.option("--folds", help="Of P2, by their letters: cheaper as well.  [default: all]")
@click.option("--members", type=click.IntRange(1), help="At most, networks of each kind: cheaper as well.")
@click.option("--rehearsals", type=click.IntRange(0), help="At most, of each gate, 0: it opens by density alone.")
@click.option("--run", type=FOLDER, help="Keeps finished networks; a second run takes them up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write what the model card needs.")
def protocol(**options: Any) -> None:
    """Rerun the protocols for the network of the configuration, beside the baselines or its own variations."""
    if not options["p1"] and not options["p2"]:
        raise click.UsageError("Choose --p1, --p2 or both.")
    configured = read_config(click.get_current_context().obj)
    require_data(options["data"])
    from training.baselines import baselines  # noqa: PLC0415
    from training.dataset import Dataset  # noqa: PLC0415
    from training.protocol import run_p1, run_p2, slim  # noqa: PLC0415
    from training.protocol_figures import LIMITS, by_platform, write_figures  # noqa: PLC0415
    from training.run_folder import RunFolder  # noqa: PLC0415
    from training.splits import P2_FOLDS  # noqa: PLC0415
    from training.tables import protocol_tables  # noqa: PLC0415
    from training.trainer import Trainer  # noqa: PLC0415
    from training.variations import VARIATIONS, shortened  # noqa: PLC0415

    limits = {name: options[name] for name in ("epochs", "members", "rehearsals") if options[name] is not None}
    config = shortened(configured, **limits)
    limits |= {"folds": ", ".join(options["folds"])} if options["folds"] else {}
    console = open_console(stderr=options["as_json"])
    Trainer(config, console).prepare()
    run_folder = RunFolder(options["run"]) if options["run"] else None
    if options["vary"]:
        varied = VARIATIONS[options["vary"]](config)
        methods = {name: Trainer(variation, console, run_folder).method for name, variation in varied.items()}
    else:
        methods = {"network": Trainer(config, console, run_folder).method}
        methods |= baselines(config.seed, config.threads) if options["with_baselines"] else {}
    dataset, _ = Dataset.read(options["data"])
    dataset = dataset.where(dataset.platforms == options["platform"]) if options["platform"] else dataset
    thresholds = config.description.accusation_thresholds.by_platform()
    chosen = [fold for fold in P2_FOLDS if fold.name in (options["folds"] or fold.name)]
    answers = {
        name: run(dataset, methods, thresholds, console.print)
        for name, run in (("p1", run_p1), ("p2", partial(run_p2, folds=chosen)))
        if options[name]
    }
    if options["save"]:
        figures = {
            platform: each | ({LIMITS: limits} if limits else {})
            for platform, each in by_platform(slim(answers)).items()
        }
        write_figures(options["save"], configured, figures)
    if options["as_json"]:
        click.echo(json.dumps(answers))
        return
    for table in protocol_tables(answers):
        console.print(table)


@click.command()
@click.option("--model", type=FOLDER, required=True, help="The version that the card is about.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def card(model: Path, out: Path) -> None:
    """Write the model card from a version's own figures."""
    from training.card import write_card  # noqa: PLC0415

    out.write_text(write_card(model), "utf-8")


def _rows(data: Path, rows: str) -> Dataset:
    from training.dataset import Dataset  # noqa: PLC0415
    from training.splits import may_ship, p1_held_out  # noqa: PLC0415

    dataset, _ = Dataset.read(data)
    return dataset.where(p1_held_out(dataset.frame) & may_ship(dataset.frame)) if rows == "p1" else dataset


def _judge(model: Path, dataset: Dataset) -> dict[str, Any]:
    from training.evaluation import evaluate  # noqa: PLC0415

    version = _open(model)
    thresholds = version.description.accusation_thresholds
    return evaluate(lambda judged: version.predict(judged.features)[0], dataset, thresholds)


def _open(model: Path) -> Version:
    from training.version import UnusableVersion, Version  # noqa: PLC0415

    try:
        return Version(model)
    except UnusableVersion as error:
        raise click.ClickException(str(error)) from None
