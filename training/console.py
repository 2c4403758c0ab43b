"""The terminal that tables are drawn for."""

from __future__ import annotations

import sys

from rich.console import Console

_PIPE_WIDTH = 160


def open_console(*, stderr: bool = False) -> Console:
    """The terminal's own width, and a width at which no figure is cut where output goes into a file."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else _PIPE_WIDTH)
