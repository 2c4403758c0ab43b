"""The status report as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.pages.sparkline import Sparkline, sparkline
from gateway.status.report import Chart, StatusReport
from gateway.wording import amount, count, percent, span

TITLES = {
    "requests": "Requests",
    "errors": "5xx, limits included",
    "accounts": "Accounts answered",
    "p50": "Half are answered within",
    "p99": "99% are answered within",
    "upstream": "Requests to platforms",
}
_OF_WORKER = {
    "ready chunks": "Requests of up to 100 accounts that could be sent now",
    "queue": "Messages in the queue",
    "eta": "Until all is done",
    "rows": "Accounts done since the start of the worker",
}
HOPS = {"fetcher": "To the fetcher", "model": "To the model server"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its course over time."""

    title: str
    now: str
    highest: str | None
    spark: Sparkline


def tiles(report: StatusReport) -> tuple[Tile, ...]:
    """A tile for each chart of the report, in its order."""
    return tuple(_tile(chart) for chart in report.charts)


def worker_rows(report: StatusReport) -> tuple[tuple[str, str], ...]:
    """What the worker counts, as title and figure: batches by state, then what waits."""
    return tuple(_worker_row(name, value) for name, value in report.worker.items())


def _worker_row(name: str, value: float) -> tuple[str, str]:
    if name == "eta":
        return _OF_WORKER[name], span(value) if value > 0 else "nothing is left"
    return _OF_WORKER.get(name, name.capitalize()), count(value)


def _tile(chart: Chart) -> Tile:
    known = [value for value in chart.values if value is not None]
    return Tile(
        title=TITLES[chart.name],
        now=figure(chart.now, chart.unit),
        highest=figure(max(known), chart.unit) if known else None,
        spark=sparkline(chart.values, top=1.0 if chart.unit == "share" else None),
    )


def figure(value: float | None, unit: str) -> str:
    """A number with its unit for people; a rate takes two looks, the others what there was to measure."""
    if value is None:
        return "not known yet" if unit == "1/s" else "none"
    if unit == "share":
        return percent(value)
    return duration(value) if unit == "s" else f"{amount(value)}/s"


def duration(seconds: float | None) -> str:
    """A short time in milliseconds or seconds."""
    if seconds is None:
        return "none"
    return f"{amount(seconds)} s" if seconds >= 1 else f"{amount(1000 * seconds)} ms"
