"""Model versions: which one answers, how it does beside the other, and whether the accounts have changed."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.panels import durations, lines, new_dashboard, number, row


def versions() -> Dashboard:
    """A hot swap stands on every dashboard as a purple line."""
    dashboard = new_dashboard("rollcall-versions", "Rollcall: Model versions", "Which version answers, and how well.")
    for part in (_numbers, _per_version, _canary, _drift):
        dashboard = part(dashboard)
    return dashboard


def _numbers(dashboard: Dashboard) -> Dashboard:
    version = 'max(rollcall_gateway_model_version{job="gateway", label="%s"})'
    return (
        dashboard.with_panel(number("Stable", version % "stable", width=6))
        .with_panel(number("Canary (0: none)", version % "canary", width=6))
        .with_panel(number("Canary's share", "max(rollcall_gateway_canary_share)", unit="percentunit", width=6))
        .with_panel(
            number(
                "Rollbacks, 1 day",
                "sum(increase(rollcall_gateway_rollbacks_total[1d])) or vector(0)",
                bad_from=0.5,
                width=6,
            )
        )
    )


def _per_version(dashboard: Dashboard) -> Dashboard:
    legend = "{{model_version}} {{role}}"
    return (
        dashboard.with_row(row("Each version"))
        .with_panel(
            lines(
                "Version by label",
                [('max by (label) (rollcall_gateway_model_version{job="gateway"})', "{{label}}")],
            )
        )
        .with_panel(
            lines(
                "Questions",
                [
                    (
                        "sum by (model_version, role, outcome) (rate(rollcall_gateway_model_seconds_count[1m]))",
                        f"{legend} {{{{outcome}}}}",
                    )
                ],
                unit="ops",
                stacked=True,
            )
        )
        .with_panel(durations("Duration", "rollcall_gateway_model_seconds_bucket", "model_version"))
        .with_panel(
            lines(
                "Accounts to a question",
                [
                    (
                        (
                            "sum by (model_version, role) (rate(rollcall_gateway_model_rows_sum[5m]))"
                            " / sum by (model_version, role) (rate(rollcall_gateway_model_rows_count[5m]))"
                        ),
                        legend,
                    )
                ],
            )
        )
        .with_panel(
            lines(
                "Answers by class",
                [("sum by (platform, label) (rate(rollcall_gateway_answers_total[5m]))", "{{platform}} {{label}}")],
                unit="ops",
                stacked=True,
            )
        )
        .with_panel(
            lines(
                "Unsure",
                [
                    (
                        (
                            '(sum by (model_version) (rate(rollcall_gateway_answers_total{unsure="true"}[5m]))'
                            " or 0 * sum by (model_version) (rate(rollcall_gateway_answers_total[5m])))"
                            " / sum by (model_version) (rate(rollcall_gateway_answers_total[5m]))"
                        ),
                        "{{model_version}}",
                    )
                ],
                unit="percentunit",
                highest=1,
            )
        )
    )


def _canary(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Canary and shadow"))
        .with_panel(
            lines(
                "Labels otherwise than stable",
                [("rollcall:shadow_disagreement:ratio1h or vector(0)", "{{model_version}}")],
                unit="percentunit",
                bound=0.05,
            )
        )
        .with_panel(
            lines(
                "Copies to the shadow",
                [("sum by (outcome) (rate(rollcall_gateway_shadow_copies_total[5m])) or vector(0)", "{{outcome}}")],
                unit="ops",
            )
        )
        .with_panel(
            lines(
                "Difference of probabilities",
                [
                    (
                        (
                            "sum by (model_version) (rate(rollcall_gateway_shadow_difference_sum[5m]))"
                            " / sum by (model_version) (rate(rollcall_gateway_shadow_difference_count[5m]))"
                            " or vector(0)"
                        ),
                        "{{model_version}}",
                    )
                ],
            )
        )
    )


def _drift(dashboard: Dashboard) -> Dashboard:
    return (
        dashboard.with_row(row("Drift"))
        .with_panel(
            lines(
                "Features that shifted most (population stability index, 1 day)",
                [("topk(10, rollcall:feature_drift:psi1d)", "{{platform}} {{feature}} (version {{model_version}})")],
                bound=0.25,
                width=12,
            )
        )
        .with_panel(
            lines(
                "Classes (population stability index, 1 day)",
                [("rollcall:class_drift:psi1d", "{{platform}} (version {{model_version}})")],
                bound=0.25,
            )
        )
        .with_panel(
            lines(
                "Accounts counted, 1 day",
                [("rollcall:class_accounts:increase1d", "{{platform}} (version {{model_version}})")],
                width=4,
            )
        )
    )
