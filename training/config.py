"""A training run's configuration, read once from config.toml into frozen values."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

DEFAULT_FILE = Path(__file__).with_name("config.toml")


class InvalidConfig(ValueError):  # noqa: N818 - it names what was given.
    """The configuration is wrong; the message holds every mistake, one a line."""


@dataclass(frozen=True, slots=True)
class DataConfig:
    """See config.toml."""

    minimum_rows: int
    validation_percent: int


@dataclass(frozen=True, slots=True)
class BalanceConfig:
    """Shares to reach (`class_power`, `source_power`: 1 as the data are, 0 equal) and by which means."""

    class_power: float
    source_power: float
    resampling: float
    class_weight: float


@dataclass(frozen=True, slots=True)
class FieldDropoutConfig:
    """Shares of training rows, chances of a field and of a group; fields are columns of contracts.columns."""

    untouched: float
    field: float
    group: float
    lite: float
    lite_fields: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """`hidden`: units of each dense layer."""

    hidden: tuple[int, ...]
    dropout: float
    noise: float
    members: int


@dataclass(frozen=True, slots=True)
class FittingConfig:
    """Keras' optimiser and early stopping."""

    batch_size: int
    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float


@dataclass(frozen=True, slots=True)
class ExplanationConfig:
    """`steps`: quadrature points of the integrated gradients."""

    steps: int


@dataclass(frozen=True, slots=True)
class DescriptionConfig:
    """What `describe` says that is not measured."""

    accusation_threshold: float
    quantile_accounts: int


@dataclass(frozen=True, slots=True)
class Config:
    """One training run."""

    seed: int
    threads: int
    data: DataConfig
    balance: BalanceConfig
    field_dropout: FieldDropoutConfig
    network: NetworkConfig
    fitting: FittingConfig
    explanation: ExplanationConfig
    description: DescriptionConfig

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
    "class_power source_power resampling class_weight untouched field group lite dropout label_smoothing "
    "accusation_threshold".split()
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
        else:
            values[name] = _read_value(hints[name], document[name], f"{path}{name}", mistakes)
    return kind(**values) if len(values) == len(names) else None


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
