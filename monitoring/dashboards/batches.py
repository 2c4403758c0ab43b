"""Batches: what waits, what is done, and when the last row is expected."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.panels import durations, lines, new_dashboard, number, row


def batches() -> Dashboard:
    """The worker reads most of this from the database, so that it outlives a process; replicas say the same."""
    dashboard = new_dashboard("rollcall-batches", "Rollcall: Batches", "What waits, what is done, and until when.")
    return (
        dashboard.with_panel(number("Running", 'max(rollcall_batches{state="running"}) or vector(0)'))
        .with_panel(number("Rows waiting", 'max(rollcall_batch_rows{state="waiting"}) or vector(0)'))
        .with_panel(number("Oldest batch", "max(rollcall_batch_oldest_seconds)", unit="s"))
        .with_panel(number("Done in", "max(rollcall_batch_eta_seconds)", unit="s"))
        .with_panel(number("Messages in the queue", "max(rollcall_batch_queue_messages)"))
        .with_panel(number("Failed pulses, 1 h", "sum(increase(rollcall_batch_pulse_errors_total[1h]))", bad_from=0.5))
        .with_row(row("Work"))
        .with_panel(lines("Batches by state", [("max by (state) (rollcall_batches)", "{{state}}")], stacked=True))
        .with_panel(lines("Rows by state", [("max by (state) (rollcall_batch_rows)", "{{state}}")], stacked=True))
        .with_panel(lines("Rows done", [("sum(rate(rollcall_batch_rows_done_total[5m]))", "rows")], unit="ops"))
        .with_panel(
            lines(
                "Chunks by outcome",
                [("sum by (outcome) (rate(rollcall_batch_chunk_seconds_count[5m]))", "{{outcome}}")],
                unit="ops",
                stacked=True,
            )
        )
        .with_panel(durations("Duration of a chunk", "rollcall_batch_chunk_seconds_bucket", "outcome"))
        .with_panel(
            lines(
                "Accounts of a chunk",
                [
                    (
                        (
                            "sum(rate(rollcall_batch_chunk_accounts_sum[5m]))"
                            " / sum(rate(rollcall_batch_chunk_accounts_count[5m]))"
                        ),
                        "accounts",
                    )
                ],
            )
        )
        .with_panel(lines("Chunks that could be worked on", [("max(rollcall_batch_ready_chunks)", "chunks")]))
        .with_panel(
            lines(
                "Wait of batches for a grant",
                [
                    (
                        (
                            "histogram_quantile(0.99, sum by (le, platform) ("
                            'rate(rollcall_fetcher_limiter_wait_seconds_bucket{priority="batch"}[5m])))'
                        ),
                        "99% {{platform}}",
                    )
                ],
                unit="s",
            )
        )
        .with_panel(
            lines(
                "Calls of the worker by outcome",
                [
                    (
                        'sum by (hop, outcome) (rate(rollcall_gateway_hop_seconds_count{job="worker"}[5m]))',
                        "{{hop}} {{outcome}}",
                    )
                ],
                unit="ops",
            )
        )
    )
