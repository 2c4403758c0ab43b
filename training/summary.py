"""The model card in the few figures and sentences that a version carries in `describe`."""

from __future__ import annotations

from typing import Any

from training.dataset import Dataset
from training.rounding import rounded

INTENDED_USE = (
    "Sort accounts for a person to look at, and estimate shares of classes in large samples. "
    "A label is a likeness to labelled accounts of 2010 to 2020, not a finding about a person."
)
MISUSE = "Not for decisions against a person or an account without a human review."
LIMITS = (
    "Unseen collections are judged far worse than held-out rows of known ones; see docs/model-card.md.",
    "On Instagram the class bot means active or spamming bought followers; no true automation data were to be had.",
    "Influencer comes from lists of verified, celebrity and sponsored accounts, not from a number of followers.",
    "No account of the X data was created after 2019.",
)
_FIGURES = ("rows", "accuracy", "macro_f1", "ece", "precision", "recall", "coverage", "accused_humans", "confusion")


def summarize(training: Dataset, figures: dict[str, Any]) -> dict[str, Any]:
    """Texts, rows learned from by source, and each platform's figures on held-out rows and unseen sources."""
    learned = training.frame["source"].value_counts().sort_index()
    return {
        "intended_use": INTENDED_USE,
        "misuse": MISUSE,
        "limits": list(LIMITS),
        "trained_on": {str(source): int(rows) for source, rows in learned.items()},
        "unseen_sources": {
            platform: methods["network"]["mean"] for platform, methods in figures["protocol"].get("p2", {}).items()
        },
        "views": figures["views"],
        "reliability": {platform: rounded(group["reliability"]) for platform, group in figures["platforms"].items()},
        "gate_shut": {
            platform: {name: rounded(group[name]) for name in ("rows", "accuracy", "macro_f1", "ece")}
            for platform, group in figures["gate_shut"].items()
        },
        "held_out_rows": {
            platform: {name: rounded(group[name]) for name in _FIGURES}
            for platform, group in figures["platforms"].items()
        },
    }
