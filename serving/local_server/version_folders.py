"""Which versions a model should have, from the names in its folder and its policy.

Source: tensorflow_serving/sources/storage_path/file_system_storage_path_source.cc.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from contracts.serving_protos import ModelConfig
from serving.local_server.errors import NotFound

_NUMBER = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_INT64 = range(-(2**63), 2**63)
_log = logging.getLogger(__name__)


def read_versions(name: str, base_path: Path) -> dict[int, Path]:
    """Every child of `base_path` whose name is an int64; raises NotFound when the folder cannot be listed."""
    try:
        children = sorted(child.name for child in base_path.iterdir())
    except OSError as error:
        raise NotFound(
            f"Could not find base path {base_path} for servable {name} with error {error.strerror}"
        ) from error
    versions: dict[int, Path] = {}
    for child in children:
        number = int(child) if _NUMBER.fullmatch(child) else None
        if number is None or number not in _INT64:
            continue
        if number in versions:
            _log.warning("Duplicate version %d of servable %s: %s is used", number, name, versions[number])
            continue
        versions[number] = base_path / child
    return versions


def wanted_versions(config: ModelConfig, present: Mapping[int, Path]) -> dict[int, Path]:
    """Those of `present` that the policy of `config` asks for; without a policy, the latest one."""
    policy = config.model_version_policy
    chosen: Iterable[int]
    match policy.WhichOneof("policy_choice"):
        case "all":
            chosen = present
        case "specific":
            chosen = sorted(set(policy.specific.versions))
            for version in chosen:
                if version not in present:
                    _log.warning("Version %d of servable %s, wanted by its policy, is not there", version, config.name)
        case _:
            count = max(1, policy.latest.num_versions)
            chosen = sorted(present, reverse=True)[:count]
    wanted = {version: present[version] for version in chosen if version in present}
    if not wanted:
        _log.warning("No versions of servable %s found under base path %s", config.name, config.base_path)
    return wanted
