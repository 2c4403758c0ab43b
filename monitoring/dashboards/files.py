"""The dashboards as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder


def as_files(dashboards: Iterable[Dashboard]) -> Mapping[str, str]:
    """File name -> JSON."""
    built = [dashboard.build() for dashboard in dashboards]
    return {f"{each.uid}.json": JSONEncoder(sort_keys=True, indent=2).encode(each) + "\n" for each in built}


def write(dashboards: Iterable[Dashboard], folder: Path) -> None:
    """Put each into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in as_files(dashboards).items():
        (folder / name).write_text(text, encoding="utf-8")
