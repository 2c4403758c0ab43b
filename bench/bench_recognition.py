"""How many of 1,000 emulated accounts per platform get the class that their handle asks for, end to end."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.report import Figure
from fetcher.limiter.limits_file import DEFAULT_FILE
from tests.integration.running_system import System, running_system

SITES = {"x": "https://x.com/", "instagram": "https://www.instagram.com/"}
PREFIXES = {"regular": "reg_", "bot": "bot_", "influencer": "inf_", "fake": "fake_"}
EACH = 250
_FACTOR = 100
_NAMES = ("otter", "maple", "river", "lamp", "cedar", "pixel", "north", "violet", "ember", "quartz")


def measure() -> list[Figure]:
    """Classify 250 accounts of each class on each platform with limits raised out of the way."""
    with tempfile.TemporaryDirectory() as folder:
        limits = Path(folder) / "limits.toml"
        raised = re.sub(r"(?m)^limit = (\d+)", lambda match: f"limit = {int(match[1]) * _FACTOR}", _defaults())
        limits.write_text(re.sub(r"(?m)^spacing_s = [\d.]+", "spacing_s = 0", raised))
        with running_system(
            Path(folder) / "state", LIMITS_FILE=str(limits), EMULATOR_LIMIT_FACTOR=str(_FACTOR)
        ) as system:
            return [figure for platform in SITES for figure in _platform(system, platform)]


def _defaults() -> str:
    return DEFAULT_FILE.read_text(encoding="utf-8")


def _platform(system: System, platform: str) -> list[Figure]:
    given: dict[str, Counter[str]] = {}
    for name in PREFIXES:
        with ThreadPoolExecutor(4) as pool:
            given[name] = Counter(pool.map(lambda index, name=name: _label(system, platform, name, index), range(EACH)))
    right = sum(labels[name] for name, labels in given.items())
    return [
        Figure(f"{platform}_intended_share", right / (EACH * len(PREFIXES)), "share", ">= 0.8"),
        *(Figure(f"{platform}_{name}_share", labels[name] / EACH, "share") for name, labels in given.items()),
    ]


def _label(system: System, platform: str, name: str, index: int) -> str:
    # Half of the handles end in digits, as many people's do.
    tail = _NAMES[index % len(_NAMES)] + (str(index) if index % 2 else "abcdefghijklmnopqrstuvwxy"[index // 10])
    answer = system.classify(f"{SITES[platform]}{PREFIXES[name]}{tail}"[:45])
    answer.raise_for_status()
    return str(answer.json()["label"])
