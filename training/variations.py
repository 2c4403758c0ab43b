"""Other configurations to hold beside the one in use: what each part is worth, and how much is chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from training.config import Config, ExpertConfig, PlatformConfig


def of_balance(config: Config) -> dict[str, Config]:
    """The four ways to treat imbalance, towards equal classes and sources."""
    ways = {"none": (0.0, 0.0), "class weights": (0.0, 1.0), "resampling": (1.0, 0.0), "both": (0.5, 0.5)}
    return {name: _balanced(config, resampling, weight) for name, (resampling, weight) in ways.items()}


def of_seed(config: Config) -> dict[str, Config]:
    """Five seeds from the configured one on."""
    return {f"seed {config.seed + step}": replace(config, seed=config.seed + step) for step in range(0, 500, 100)}


def of_fields(config: Config) -> dict[str, Config]:
    """With and without dropping fields in training."""
    whole = _with_experts(config, lambda expert: replace(expert, untouched=1.0))
    return {"field dropout": config, "no field dropout": whole}


def shortened(config: Config, *, rehearsals: int | None = None, **limits: int) -> Config:
    """With at most so many `epochs` for each network, `members` of each kind, and `rehearsals` of each gate."""
    short = _with_experts(
        config,
        lambda expert: replace(expert, **{name: min(most, getattr(expert, name)) for name, most in limits.items()}),
    )
    return (
        short
        if rehearsals is None
        else replace(short, x=_rehearsing(short.x, rehearsals), instagram=_rehearsing(short.instagram, rehearsals))
    )


def _rehearsing(platform: PlatformConfig, most: int) -> PlatformConfig:
    rehearsal = replace(platform.gate.rehearsal, repeats=min(most, platform.gate.rehearsal.repeats))
    return replace(platform, gate=replace(platform.gate, rehearsal=rehearsal))


VARIATIONS = {"balance": of_balance, "seed": of_seed, "fields": of_fields}
"""What `python -m training protocol --vary` offers."""


def _balanced(config: Config, resampling: float, weight: float) -> Config:
    return _with_experts(
        config,
        lambda expert: replace(expert, class_power=0.0, source_power=0.0, resampling=resampling, class_weight=weight),
    )


def _with_experts(config: Config, change: Callable[[ExpertConfig], ExpertConfig]) -> Config:
    x, instagram = (
        replace(platform, close=change(platform.close), general=tuple(map(change, platform.general)))
        for platform in (config.x, config.instagram)
    )
    return replace(config, x=x, instagram=instagram)
