"""Other configurations to hold beside the one in use: what each part is worth, and how much is chance."""

from __future__ import annotations

from dataclasses import replace

from training.config import Config


def of_balance(config: Config) -> dict[str, Config]:
    """The four ways to treat imbalance."""
    ways = {"none": (0.0, 0.0), "class weights": (0.0, 1.0), "resampling": (1.0, 0.0), "both": (0.5, 0.5)}
    return {
        name: replace(config, balance=replace(config.balance, resampling=resampling, class_weight=class_weight))
        for name, (resampling, class_weight) in ways.items()
    }


def of_seed(config: Config) -> dict[str, Config]:
    """Five seeds from the configured one on."""
    return {f"seed {config.seed + step}": replace(config, seed=config.seed + step) for step in range(0, 500, 100)}


def of_fields(config: Config) -> dict[str, Config]:
    """With and without dropping fields in training."""
    whole = replace(config.field_dropout, untouched=1.0, lite=0.0)
    return {"field dropout": config, "no field dropout": replace(config, field_dropout=whole)}


VARIATIONS = {"balance": of_balance, "seed": of_seed, "fields": of_fields}
"""What `python -m training protocol --vary` offers."""
