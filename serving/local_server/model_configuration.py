"""The rules of a ModelServerConfig: what is refused, and with which text. Pure.

Source: tensorflow_serving/model_servers/server_core.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from google.protobuf import text_format

from contracts.serving_protos import ModelConfig, ModelConfigList, ModelServerConfig
from serving.local_server.errors import FailedPrecondition, InvalidArgument

PLATFORM = "tensorflow"
_PLATFORM_OF_TYPE = {1: PLATFORM, 2: "other"}

Labels = Mapping[str, Mapping[str, int]]
"""model -> label -> version."""


class UnreadableConfig(Exception):  # noqa: N818 - it names what was given.
    """A configuration file is missing or is not the text form of its message; the message is the original's."""


def read_config_file(path: Path) -> ModelServerConfig:
    """The text proto at `path`; raises UnreadableConfig."""
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), ModelServerConfig())
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableConfig(f"Error reading {path}: {error}") from error
    except text_format.ParseError as error:
        raise UnreadableConfig(f"Error parsing text-format tensorflow.serving.ModelServerConfig: {error}") from error


def single_model(name: str, base_path: str) -> ModelServerConfig:
    """What --model_name and --model_base_path stand for."""
    model = ModelConfig(name=name, base_path=base_path, model_platform=PLATFORM)
    return ModelServerConfig(model_config_list=ModelConfigList(config=[model]))


def validate_models(config: ModelServerConfig, previous: ModelServerConfig | None) -> None:
    """Check the list by itself and as the successor of `previous`; raises InvalidArgument or FailedPrecondition."""
    if previous is not None and config.WhichOneof("config") != "model_config_list":
        raise FailedPrecondition(
            "Cannot transition to requested config. It is only legal to transition from one ModelConfigList to another."
        )
    seen = set()
    for model in config.model_config_list.config:
        if model.name in seen:
            raise InvalidArgument(f"Illegal to list model {model.name} multiple times in config list")
        seen.add(model.name)
        if not model.base_path.startswith("/") and "://" not in model.base_path:
            raise InvalidArgument(
                f"Expected model {model.name} to have an absolute path or URI; got base_path()={model.base_path}"
            )
    before = {model.name: _platform(model) for model in previous.model_config_list.config} if previous else {}
    for model in config.model_config_list.config:
        platform = _platform(model)
        if before.get(model.name, platform) != platform:
            raise InvalidArgument(
                f"Illegal to change a model's platform. For model {model.name} platform was {before[model.name]} "
                f"and new platform requested is {platform}"
            )
        if platform != PLATFORM:
            raise InvalidArgument(f"Model {model.name} requests unsupported platform {platform}")


def read_labels(
    config: ModelServerConfig,
    *,
    current: Labels,
    is_available: Callable[[str, int], bool],
    allow_unavailable: bool,
) -> Labels:
    """The labels that `config` sets, which replace the `current` ones as a whole; raises FailedPrecondition.

    A label may only point to a version that answers. With `allow_unavailable` a label that is new for its model, or
    that stays where it is, may also point to one that does not (yet).
    """
    labels: dict[str, dict[str, int]] = {}
    for model in config.model_config_list.config:
        for label, version in sorted(model.version_labels.items()):
            stays = current.get(model.name, {}).get(label, version) == version
            if not is_available(model.name, version) and not (allow_unavailable and stays):
                raise FailedPrecondition(
                    f"Request to assign label to version {version} of model {model.name}, "
                    "which is not currently available for inference"
                )
            labels.setdefault(model.name, {})[label] = version
    return labels


def _platform(model: ModelConfig) -> str:
    if model.model_type:
        if model.model_platform:
            raise InvalidArgument(
                "Illegal setting both ModelServerConfig::model_type (deprecated) and "
                f"ModelServerConfig::model_platform, model name is {model.name}"
            )
        return _PLATFORM_OF_TYPE.get(model.model_type, "other")
    if not model.model_platform:
        raise InvalidArgument(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform, "
            f"model name is {model.name}"
        )
    return str(model.model_platform)
