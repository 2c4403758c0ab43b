"""The command `rollcall`: finds its parts when they are called, since each needs other, sometimes heavy libraries."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module

import click

_PARTS: Mapping[str, str] = {
    "classify": "gateway.commands",
    "doctor": "gateway.commands",
    "keys": "gateway.access.commands",
    "score": "gateway.offline.command",
}
"""Name of a command, and of a function -> its module."""


class Parts(click.Group):
    """The commands of `_PARTS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature.
        """Every name."""
        return sorted(_PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above.
        """The command, whose module is imported now."""
        module = _PARTS.get(cmd_name)
        command: click.Command | None = None if module is None else getattr(import_module(module), cmd_name)
        return command


@click.group(cls=Parts)
@click.version_option(package_name="rollcall")
def main() -> None:
    """Tells regular users, bots, influencers and fake accounts apart on Instagram and X."""
    # The findings say it better than log lines without a handler would.
    logging.getLogger("gateway").addHandler(logging.NullHandler())
