"""Overview: traffic, errors, duration and saturation of every hop, and the service levels."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.panels import durations, lines, new_dashboard, number, row

_SERVED = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency_bucket"


def overview() -> Dashboard:
    """The four golden signals of gateway, fetcher, model server and worker."""
    dashboard = new_dashboard("rollcall-overview", "Rollcall: Overview", "Is it well, and if not, which hop is not?")
    for part in (_service_levels, _gateway, _fetcher, _model_server, _saturation):
        dashboard = part(dashboard)
    return dashboard


def _service_levels(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Service levels"))
        .with_panel(number("Hops up", "sum(up)", description="Of all that Prometheus knows."))
        .with_panel(number("Hops down", "count(up == 0) or vector(0)", bad_from=1))
        .with_panel(
            number(
                "Cached answers over 100 ms",
                "rollcall:cached_answers_slow:ratio_rate1h",
                unit="percentunit",
                description="In the last hour; 0.5% may.",
                bad_from=0.005,
            )
        )
        .with_panel(
            number(
                "Late or without a typed outcome",
                "rollcall:answers_late_or_failed:ratio_rate1h",
                unit="percentunit",
                description="In the last hour; 1% may.",
                bad_from=0.01,
            )
        )
        .with_panel(
            number(
                "Requests over a limit",
                "sum(rollcall:requests_over_limit:increase1h)",
                description="In the last hour; none may.",
                bad_from=0.5,
            )
        )
        .with_panel(number("Alerts", 'count(ALERTS{alertstate="firing", severity!="notice"}) or vector(0)', bad_from=1))
    )


def _gateway(dashboard: Dashboard) -> Dashboard:
    seconds = "rollcall_gateway_request_seconds_bucket"
    return (
        dashboard.with_row(row("Gateway"))
        .with_panel(
            lines(
                "Requests",
                [("sum by (route) (rate(rollcall_gateway_requests_total[1m]))", "{{route}}")],
                unit="reqps",
                stacked=True,
            )
        )
        .with_panel(
            lines(
                "Answers by status",
                [("sum by (status) (rate(rollcall_gateway_requests_total[1m]))", "{{status}}")],
                unit="reqps",
                stacked=True,
            )
        )
        .with_panel(durations("Duration of classify", seconds, "route", selector='route="/api/v1/classify"'))
        .with_panel(
            lines(
                "Accounts by outcome",
                [("sum by (outcome) (rate(rollcall_gateway_account_seconds_count[1m]))", "{{outcome}}")],
                unit="ops",
                stacked=True,
            )
        )
        .with_panel(
            lines(
                "Calls to other hops by outcome",
                [
                    (
                        "sum by (hop, outcome) (rate(rollcall_gateway_hop_seconds_count[1m]))",
                        "{{hop}} {{outcome}}",
                    )
                ],
                unit="ops",
            )
        )
        .with_panel(durations("Duration of calls to other hops", "rollcall_gateway_hop_seconds_bucket", "hop"))
    )


def _fetcher(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Fetcher"))
        .with_panel(
            lines(
                "Requests",
                [("sum by (route, status) (rate(rollcall_fetcher_http_requests_total[1m]))", "{{route}} {{status}}")],
                unit="reqps",
                stacked=True,
            )
        )
        .with_panel(
            lines(
                "Accounts by outcome",
                [
                    (
                        "sum by (platform, outcome) (rate(rollcall_fetcher_accounts_total[1m]))",
                        "{{platform}} {{outcome}}",
                    )
                ],
                unit="ops",
                stacked=True,
            )
        )
        .with_panel(durations("Duration", "rollcall_fetcher_http_seconds_bucket", "route"))
        .with_panel(
            lines(
                "Requests to platforms by outcome",
                [
                    (
                        "sum by (platform, outcome) (rate(rollcall_fetcher_upstream_requests_total[1m]))",
                        "{{platform}} {{outcome}}",
                    )
                ],
                unit="reqps",
            )
        )
        .with_panel(durations("Duration of platforms' answers", "rollcall_fetcher_upstream_seconds_bucket", "platform"))
        .with_panel(
            lines(
                "Answered from the cache",
                [
                    (
                        (
                            'sum by (platform) (rate(rollcall_fetcher_cache_total{result="hit"}[5m]))'
                            " / sum by (platform) (rate(rollcall_fetcher_cache_total[5m]))"
                        ),
                        "{{platform}}",
                    )
                ],
                unit="percentunit",
                highest=1,
            )
        )
    )


def _model_server(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Model server"))
        .with_panel(
            lines(
                "Requests",
                [(f"sum by (model_name, status) (rate({_SERVED}[1m]))", "{{model_name}} {{status}}")],
                unit="reqps",
                stacked=True,
                width=12,
            )
        )
        .with_panel(
            lines(
                "Duration",
                [
                    (f"histogram_quantile({share}, sum by (le, API) (rate({_LATENCY}[5m])))", f"{name} {{{{API}}}}")
                    for share, name in ((0.99, "99%"), (0.5, "50%"))
                ],
                unit="µs",
                width=12,
            )
        )
    )


def _saturation(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Saturation"))
        .with_panel(
            lines("CPU", [("sum by (job) (rate(process_cpu_seconds_total[1m]))", "{{job}}")], unit="short", width=6)
        )
        .with_panel(
            lines("Memory", [("sum by (job) (process_resident_memory_bytes)", "{{job}}")], unit="bytes", width=6)
        )
        .with_panel(
            lines(
                "Requests being answered",
                [
                    ("sum(rollcall_gateway_requests_in_flight)", "gateway"),
                    ("sum(rollcall_fetcher_http_in_progress)", "fetcher"),
                ],
                width=6,
            )
        )
        .with_panel(
            lines(
                "Open files",
                [("max by (job) (process_open_fds / process_max_fds)", "{{job}}")],
                unit="percentunit",
                width=6,
            )
        )
    )
