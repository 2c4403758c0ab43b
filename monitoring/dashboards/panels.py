"""The few kinds of panels that all dashboards are made of."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

SOURCE = models.DataSourceRef(type_val="prometheus", uid="prometheus")
Query = tuple[str, str]
"""An expression, and the name of its series with {{label}} in it."""


def new_dashboard(uid: str, title: str, description: str) -> builders.Dashboard:
    """An empty dashboard of the last hour, on which version swaps are marked."""
    return (
        builders.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["rollcall"])
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("utc")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .annotation(
            builders.AnnotationQuery()
            .name("Version swapped")
            .datasource(SOURCE)
            .enable(True)
            .icon_color("purple")
            .expr('changes(max by (label) (rollcall_gateway_model_version{job="gateway"})[1m:10s]) > 0')
        )
    )


def lines(
    title: str,
    queries: Sequence[Query],
    *,
    unit: str = "short",
    description: str = "",
    stacked: bool = False,
    highest: float | None = None,
    bound: float | None = None,
    width: int = 8,
) -> timeseries.Panel:
    """Lines over time; `bound` draws a red line where it becomes bad."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .fill_opacity(30 if stacked else 8)
        .show_points(common_models.VisibilityMode.NEVER)
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .span(width)
        .height(7)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    if highest is not None:
        panel = panel.max(highest)
    if bound is not None:
        style = common.GraphThresholdsStyleConfig().mode(common_models.GraphTresholdsStyleMode.LINE)
        panel = panel.thresholds(_from(bound)).thresholds_style(style)
    for letter, (expression, legend) in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(_query(letter, expression, legend))
    return panel


def number(
    title: str,
    expression: str,
    *,
    unit: str = "short",
    description: str = "",
    bad_from: float | None = None,
    legend: str = "",
    width: int = 4,
) -> stat.Panel:
    """One number, red from `bad_from` on."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .graph_mode(common_models.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_from(bad_from) if bad_from is not None else _always_green())
        .span(width)
        .height(4)
    )
    return panel.with_target(_query("A", expression, legend))


def durations(title: str, bucket: str, by: str, *, selector: str = "", width: int = 8) -> timeseries.Panel:
    """Median and 99th percentile of a histogram by a label, in seconds."""
    chosen = f"{bucket}{{{selector}}}" if selector else bucket
    return lines(
        title,
        [
            (f"histogram_quantile(0.99, sum by (le, {by}) (rate({chosen}[5m])))", f"99% {{{{{by}}}}}"),
            (f"histogram_quantile(0.5, sum by (le, {by}) (rate({chosen}[5m])))", f"50% {{{{{by}}}}}"),
        ],
        unit="s",
        width=width,
    )


def row(title: str) -> builders.Row:
    """A heading."""
    return builders.Row(title)


def _query(letter: str, expression: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(letter).expr(expression).legend_format(legend).datasource(SOURCE)


def _from(bad: float) -> builders.ThresholdsConfig:
    steps = [models.Threshold(value=None, color="green"), models.Threshold(value=bad, color="red")]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _always_green() -> builders.ThresholdsConfig:
    return (
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=None, color="green")])
    )
