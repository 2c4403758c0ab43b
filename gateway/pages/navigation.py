"""The pages that stand in the header, in their order."""

from __future__ import annotations

from flask import current_app

PAGES = (
    ("batches.index", "Batches"),
    ("results.history", "History"),
    ("pages.limits", "Limits"),
    ("pages.model_page", "Model"),
    ("status.show", "Status"),
    ("reference.show", "API"),
    ("pages.about", "About"),
)
"""Endpoint and title; one that this application does not have is left out."""


def navigation() -> list[tuple[str, str]]:
    """The pages that there are."""
    return [(endpoint, title) for endpoint, title in PAGES if endpoint in current_app.view_functions]
