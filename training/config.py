"""A training run's configuration, read once from config.toml into frozen values."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from contracts.platforms import Platform

DEFAULT_FILE = Path(__file__).with_name("config.toml")


class InvalidConfig(ValueError):  # noqa: N818 - it names what was given.
    """The configuration is wrong; the message holds every mistake, one a line."""


@dataclass(frozen=True, slots=True)
class DataConfig:
    """See config.toml."""

    minimum_rows: int
    validation_percent: int


@dataclass(frozen=True, slots=True)
class ExpertConfig:
    """One kind of network of a platform: what it reads, its shape, how its rows are drawn, how it is fitted.

    See config.toml for each setting. `features` are names of contracts.features, none = all; but not those of
    `without`.
    """

    features: tuple[str, ...]
    without: tuple[str, ...]
    members: int
    hidden: tuple[int, ...]
    dropout: float
    noise: float
    bins: int
    untouched: float
    dropped: float
    class_power: float
    source_power: float
    resampling: float
    class_weight: float
    source_loss: float
    batch_size: int
    batches: int
    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float


@dataclass(frozen=True, slots=True)
class RehearsalConfig:
    """How often sources are held out to teach the gate what foreign is, and the quick networks that are fitted then."""

    groups: int
    repeats: int
    hidden: tuple[int, ...]
    batches: int
    epochs: int


@dataclass(frozen=True, slots=True)
class GateConfig:
    """How likeness to the training data is learned and when an account counts as foreign."""

    components: int
    ridge: float
    foreign: float
    width: float
    needs: tuple[str, ...]
    facts: tuple[str, ...]
    rehearsal: RehearsalConfig


@dataclass(frozen=True, slots=True)
class MixtureConfig:
    """How sure the networks are: `temperature` of the general ones, 0: fitted; `sharpness` of the mixture.

    `familiar_sharpness` is added to the sharpness as far as the gate is open.
    """

    temperature: float
    sharpness: float
    familiar_sharpness: float


@dataclass(frozen=True, slots=True)
class FieldsConfig:
    """Groups of columns of contracts.columns that a collection or a fetch lacks together."""

    dropped_together: tuple[tuple[str, ...], ...]
    supported_together: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DisguiseConfig:
    """Chances with which a training row is made to look otherwise."""

    transplanted: float
    borrowed: float
    other_script: float


@dataclass(frozen=True, slots=True)
class PlatformConfig:
    """What is learned for one platform; the networks of all of `general` are averaged."""

    close: ExpertConfig
    general: tuple[ExpertConfig, ...]
    gate: GateConfig
    mixture: MixtureConfig
    disguises: DisguiseConfig
    fields: FieldsConfig


@dataclass(frozen=True, slots=True)
class ExplanationConfig:
    """`steps`: quadrature points of the integrated gradients."""

    steps: int


@dataclass(frozen=True, slots=True)
class ThresholdsConfig:
    """The probability from which a bot or a fake is stated plainly, by platform."""

    x: float
    instagram: float

    def by_platform(self) -> dict[str, float]:
        """Platform -> threshold, as `describe` gives them."""
        return {Platform.X.value: self.x, Platform.INSTAGRAM.value: self.instagram}


@dataclass(frozen=True, slots=True)
class DescriptionConfig:
    """What `describe` says that is not measured."""

    accusation_thresholds: ThresholdsConfig
    quantile_accounts: int


@dataclass(frozen=True, slots=True)
class Config:
    """One training run."""

    seed: int
    threads: int
    data: DataConfig
    explanation: ExplanationConfig
    description: DescriptionConfig
    x: PlatformConfig
    instagram: PlatformConfig

    def of(self, platform: Platform) -> PlatformConfig:
        """The settings of `platform`."""
        return self.x if platform is Platform.X else self.instagram

    def with_platform(self, platform: Platform, settings: PlatformConfig) -> Config:
        """The same with other settings of `platform`."""
        return replace(self, x=settings) if platform is Platform.X else replace(self, instagram=settings)

    @classmethod
    def read(cls, path: Path = DEFAULT_FILE) -> Config:
        """Read `path`; raises InvalidConfig with every mistake in it, OSError when it can't be read."""
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise InvalidConfig(f"{path.name}: {error}") from None
        mistakes: list[str] = []
        config = _read(cls, document, "", mistakes)
        if mistakes:
            raise InvalidConfig("\n".join(f"{path.name}: {mistake}" for mistake in mistakes))
        assert isinstance(config, cls)  # noqa: S101 - `_read` returns its first argument's instances.
        return config


_SHARES = frozenset(
    "class_power source_power resampling class_weight untouched dropped dropout foreign transplanted "
    "borrowed other_script".split()
)


def _read(kind: type, document: Any, path: str, mistakes: list[str]) -> Any:
    """An instance of the dataclass `kind`, or None; appends to `mistakes`."""
    if not isinstance(document, dict):
        mistakes.append(f"{path or 'the file'}: expected a table.")
        return None
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    mistakes.extend(f"{path}{name}: there is no such setting." for name in sorted(document.keys() - set(names)))
    values: dict[str, Any] = {}
    for name in names:
        if name not in document:
            mistakes.append(f"{path}{name}: is missing.")
        elif isinstance(hints[name], type) and hasattr(hints[name], "__dataclass_fields__"):
            values[name] = _read(hints[name], document[name], f"{path}{name}.", mistakes)
        elif hints[name] == tuple[ExpertConfig, ...]:
            values[name] = _read_experts(document[name], f"{path}{name}", mistakes)
        else:
            values[name] = _read_value(hints[name], document[name], f"{path}{name}", mistakes)
    return kind(**values) if len(values) == len(names) else None


def _read_experts(value: Any, path: str, mistakes: list[str]) -> Any:
    if not isinstance(value, list) or not value:
        mistakes.append(f"{path}: expected one table or more, each headed [[{path}]].")
        return None
    return tuple(_read(ExpertConfig, each, f"{path}[{index}].", mistakes) for index, each in enumerate(value))


def _read_value(hint: Any, value: Any, path: str, mistakes: list[str]) -> Any:
    top = 1 if path.rpartition(".")[2] in _SHARES else float("inf")
    fits, expected = {
        int: (_is_whole(value), "a whole number of at least 0"),
        float: (_is_number(value) and 0 <= value <= top, f"a number from 0 to {top}"),
        tuple[int, ...]: (_is_list(value, _is_whole), "a list of whole numbers"),
        tuple[str, ...]: (_is_list(value, _is_text), "a list of texts"),
        tuple[tuple[str, ...], ...]: (
            _is_list(value, lambda each: _is_list(each, _is_text)),
            "a list of lists of texts",
        ),
    }[hint]
    if not fits:
        mistakes.append(f"{path}: expected {expected}.")
        return None
    return _frozen(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(fits, value))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
