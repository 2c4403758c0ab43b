"""`python -m tests.fuzz --number 100000`: the whole campaign; the tests run a small one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click

from tests.fuzz.campaign import fuzz, watched_system

_AT_ONCE = 5000


@click.command()
@click.option("--number", default=100_000, show_default=True, help="Mutated requests.")
@click.option("--first", default=0, show_default=True, help="The same first makes the same requests.")
def main(number: int, first: int) -> None:
    """Send mutated addresses and bodies to a system of its own; fails where one gets a 5xx or leaves this machine."""
    begun, sent = time.monotonic(), 0
    statuses: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder, watched_system(Path(folder)) as (system, proxy):
        while sent < number:
            report = fuzz(system, proxy, min(_AT_ONCE, number - sent), first + sent)
            sent += report.shots
            for status, count in report.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
            click.echo(f"{sent} sent, {sent / (time.monotonic() - begun):.0f} a second", err=True)
    click.echo(f"{sent} mutated requests in {time.monotonic() - begun:.0f} s, from {first}.")
    click.echo(f"Answers: {', '.join(f'{count} x {status}' for status, count in sorted(statuses.items()))}.")
    click.echo(
        f"Requests to the emulated platforms: {report.emulator_requests}; to any other host: {len(proxy.asked)}."
    )
    if proxy.asked:
        raise click.ClickException(f"Another host was asked for: {proxy.asked[0]}")


if __name__ == "__main__":
    main()
