"""The command that searches settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from contracts.platforms import Platform
from training.command_inputs import FOLDER, read_config, require_data
from training.console import open_console


@click.command()
@click.option("--data", type=FOLDER, required=True)
@click.option(
    "--platform",
    "names",
    type=click.Choice([platform.value for platform in Platform]),
    multiple=True,
    help="One or both (the default).",
)
@click.option("--trials", type=click.IntRange(1), default=12, show_default=True)
@click.option("--folds", default="AB", show_default=True, help="Of P2, by their letters.")
@click.option("--epochs", type=click.IntRange(1), default=6, show_default=True, help="At most, for each network.")
@click.option("--minutes", type=click.FloatRange(0), help="Begin no trial after this time on a platform.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write what the model card needs.")
def search(*, names: tuple[str, ...], data: Path, save: Path | None, **limits: Any) -> None:
    """Search settings by their score on unseen sources, with Optuna. Fits are short: scores compare settings only."""
    config = read_config(click.get_current_context().obj)
    require_data(data)
    from training import search as searching  # noqa: PLC0415 - TensorFlow takes seconds to import.
    from training.dataset import Dataset  # noqa: PLC0415
    from training.protocol_figures import write_figures  # noqa: PLC0415
    from training.tables import study_table  # noqa: PLC0415
    from training.trainer import Trainer  # noqa: PLC0415

    console = open_console()
    Trainer(config, console).prepare()
    dataset, _ = Dataset.read(data)
    studies = {}
    for platform in map(Platform, names or list(Platform)):
        studies[platform.value] = searching.search(
            config,
            dataset,
            platform,
            **limits,
            console=console,
            tell=console.print,
        )
        console.print(study_table(platform.title, studies[platform.value]))
        if save:
            write_figures(save, config, studies)
