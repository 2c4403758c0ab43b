"""Rate limits and money: where each window and budget stands, and who waits for what."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.panels import durations, lines, new_dashboard, number, row


def limits() -> Dashboard:
    """The rate-limit handler as its operator watches it."""
    dashboard = new_dashboard(
        "rollcall-limits", "Rollcall: Rate limits and money", "How much the platforms still allow."
    )
    for part in (_numbers, _windows, _waiting, _health):
        dashboard = part(dashboard)
    return dashboard


def _numbers(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_panel(
            number("Fullest window", "max(rollcall:window_used:ratio)", unit="percentunit", bad_from=0.9)
        )
        .with_panel(number("Refused as too many, 1 h", "sum(rollcall:requests_over_limit:increase1h)", bad_from=0.5))
        .with_panel(number("Checkpoints, 1 day", "sum(increase(rollcall_fetcher_checkpoints_total[1d]))", bad_from=0.5))
        .with_panel(
            number(
                "Spent today",
                'sum(max by (platform) (rollcall_fetcher_budget_spent_usd{period="day"}))',
                unit="currencyUSD",
                description="At the prices of limits.toml; emulated platforms are not paid.",
            )
        )
        .with_panel(
            number(
                "Spent this month",
                'sum(max by (platform) (rollcall_fetcher_budget_spent_usd{period="month"}))',
                unit="currencyUSD",
            )
        )
        .with_panel(
            number(
                "Budget used",
                "max(rollcall:budget_spent:ratio) or vector(0)",
                unit="percentunit",
                description="Of the day's or the month's, whichever is fuller; 0 without a budget.",
                bad_from=0.8,
            )
        )
    )


def _windows(dashboard: Dashboard) -> Dashboard:
    window = "max by (platform, window)"
    legend = "{{platform}} {{window}}"
    return (
        dashboard.with_row(row("Windows"))
        .with_panel(lines("Used", [("rollcall:window_used:ratio", legend)], unit="percentunit", highest=1, bound=0.9))
        .with_panel(lines("Remaining", [(f"{window} (rollcall_fetcher_window_remaining)", legend)]))
        .with_panel(lines("Limit", [(f"{window} (rollcall_fetcher_window_limit)", legend)]))
        .with_panel(lines("Free again in", [(f"{window} (rollcall_fetcher_window_reset_seconds)", legend)], unit="s"))
        .with_panel(lines("Pace", [(f"{window} (rollcall_fetcher_window_pace_seconds)", legend)], unit="s"))
        .with_panel(
            lines(
                "Requests by method and outcome",
                [
                    (
                        "sum by (platform, method, outcome) (rate(rollcall_fetcher_upstream_requests_total[5m]))",
                        "{{platform}} {{method}} {{outcome}}",
                    )
                ],
                unit="reqps",
            )
        )
    )


def _waiting(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Who waits"))
        .with_panel(durations("Wait for a grant", "rollcall_fetcher_limiter_wait_seconds_bucket", "priority"))
        .with_panel(
            lines(
                "Accounts in the queue",
                [("sum by (platform, priority) (rollcall_fetcher_queue_accounts)", "{{platform}} {{priority}}")],
            )
        )
        .with_panel(
            lines(
                "Tickets",
                [("max by (platform, priority) (rollcall_fetcher_queue_tickets)", "{{platform}} {{priority}}")],
            )
        )
        .with_panel(
            lines(
                "Told to come back",
                [
                    (
                        "sum by (platform, reason) (rate(rollcall_fetcher_limiter_refused_total[5m])) or vector(0)",
                        "{{platform}} {{reason}}",
                    )
                ],
                unit="ops",
            )
        )
        .with_panel(
            lines(
                "Accounts to a request",
                [
                    (
                        (
                            "sum by (platform) (rate(rollcall_fetcher_request_accounts_sum[5m]))"
                            " / sum by (platform) (rate(rollcall_fetcher_request_accounts_count[5m]))"
                        ),
                        "{{platform}}",
                    )
                ],
            )
        )
        .with_panel(
            lines(
                "Cache",
                [("sum by (platform, result) (rate(rollcall_fetcher_cache_total[5m]))", "{{platform}} {{result}}")],
                unit="ops",
                stacked=True,
            )
        )
    )


def _health(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Methods and store"))
        .with_panel(
            lines(
                "Breakers (1: the method rests)",
                [("max by (platform, method) (rollcall_fetcher_breaker_open)", "{{platform}} {{method}}")],
                highest=1,
            )
        )
        .with_panel(
            lines(
                "Share of missing fields",
                [("max by (platform, method) (rollcall_fetcher_missing_fields)", "{{platform}} {{method}}")],
                unit="percentunit",
                highest=1,
            )
        )
        .with_panel(lines("Store up", [("min(rollcall_fetcher_store_up)", "store")], highest=1))
        .with_panel(
            lines(
                "Money spent",
                [
                    (
                        "max by (platform, period) (rollcall_fetcher_budget_spent_usd)",
                        "{{platform}} {{period}}",
                    )
                ],
                unit="currencyUSD",
                width=12,
            )
        )
        .with_panel(
            lines(
                "Money left",
                [
                    (
                        (
                            "max by (platform, period) (rollcall_fetcher_budget_limit_usd"
                            " - rollcall_fetcher_budget_spent_usd) or vector(0)"
                        ),
                        "{{platform}} {{period}}",
                    )
                ],
                unit="currencyUSD",
                description="0 without a budget.",
                width=12,
            )
        )
    )
