"""The model card, written from the figures that a version carries in assets.extra/evaluation.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from contracts.model import CLASSES
from training.extras import EVALUATION, FOLDER
from training.protocol_figures import LIMITS

_TEMPLATE = Path(__file__).with_name("card.md")
_TITLES = {"x": "X", "instagram": "Instagram"}
_LIMITS = {
    "epochs": "at most {} epochs a network",
    "members": "at most {} network of a kind",
    "rehearsals": "at most {} rehearsals of the gate",
    "folds": "P2's folds {}",
}


def write_card(version: Path) -> str:
    """Markdown; the same figures give the same text, so that a test can hold docs/model-card.md against it."""
    figures = json.loads((version / FOLDER / EVALUATION).read_text("utf-8"))
    return (
        Template(_TEMPLATE.read_text("utf-8"))
        .substitute(
            side_by_side=_side_by_side(figures),
            gate_shut=_gate_shut(figures["gate_shut"]),
            classes=_classes(figures["platforms"]),
            confusion=_confusion(figures["platforms"]),
            sources=_groups(figures["sources"]),
            non_commercial=_groups(figures["non_commercial"]),
            live_masks=_live_masks(figures["live_masks"]),
            unseen_folds=_folds(figures["protocol"]),
            methods=_methods(figures["protocol"]),
            balance=_variations(figures["protocol"].get("balance", {})),
            seeds=_variations(figures["protocol"].get("seed", {})),
            fields=_variations(figures["protocol"].get("fields", {})),
            search=_search(figures["protocol"].get("search", {})),
            live_filled=_live_filled(figures.get("live_filled", {})),
            stress=_stress(figures["stress"]),
            thresholds=_thresholds(figures["accusation_thresholds"]),
        )
        .rstrip()
        + "\n"
    )


def _thresholds(thresholds: Mapping[str, float]) -> str:
    return " and ".join(f"{threshold:.2f} on {_TITLES[platform]}" for platform, threshold in thresholds.items())


def _side_by_side(figures: Mapping[str, Any]) -> str:
    heads = ("", "P1 X", "P2 X", "P1 Instagram", "P2 Instagram")
    columns = []
    for platform in _TITLES:
        columns += [figures["platforms"].get(platform), _unseen(figures["protocol"], platform)]
    rows = [
        ("accuracy", *(_figure(each, "accuracy") for each in columns)),
        ("95% interval of accuracy", *(_interval(each, "accuracy") for each in columns)),
        ("macro-F1", *(_figure(each, "macro_f1") for each in columns)),
        ("calibration error (ECE)", *(_figure(each, "ece") for each in columns)),
        ("accuracy at 90% coverage", *(_figure(each, "coverage", "0.9") for each in columns)),
        *((f"recall of {name}", *(_figure(each, "recall", name) for each in columns)) for name in CLASSES),
        ("humans accused", *(_figure(each, "accused_humans") for each in columns)),
        ("called unsure", *(_figure(each, "unsure") for each in columns)),
    ]
    return _table(heads, rows)


def _gate_shut(groups: Mapping[str, Any]) -> str:
    told = (
        f"{_TITLES[platform]} accuracy {_figure(group, 'accuracy')}, macro-F1 {_figure(group, 'macro_f1')}, "
        f"ECE {_figure(group, 'ece')}"
        for platform, group in groups.items()
    )
    return "; ".join(told)


def _unseen(protocol: Mapping[str, Any], platform: str, method: str = "network") -> Any:
    return protocol.get("p2", {}).get(platform, {}).get(method, {}).get("mean")


def _known(protocol: Mapping[str, Any], platform: str, method: str) -> Any:
    return protocol.get("p1", {}).get(platform, {}).get(method)


def _classes(platforms: Mapping[str, Any]) -> str:
    rows = [
        (
            _TITLES[platform],
            name,
            *(_figure(group, figure, name) for figure in ("precision", "recall", "f1", "roc_auc", "pr_auc")),
        )
        for platform, group in platforms.items()
        for name in group["recall"]
    ]
    return _table(("platform", "class", "precision", "recall", "F1", "ROC AUC", "PR AUC"), rows)


def _confusion(platforms: Mapping[str, Any]) -> str:
    rows = [
        (_TITLES[platform], label, *(str(counts[name]) for name in CLASSES))
        for platform, group in platforms.items()
        for label, counts in group["confusion"].items()
    ]
    return _table(("platform", "labelled", *(f"called {name}" for name in CLASSES)), rows)


def _groups(groups: Mapping[str, Any]) -> str:
    rows = [
        (name, str(group["rows"]), _figure(group, "accuracy"), _figure(group, "ece"), _figure(group, "accused_humans"))
        for name, group in groups.items()
    ]
    return _table(("source", "rows", "accuracy", "ECE", "humans accused"), rows)


def _live_masks(masks: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            str(group["rows"]),
            _figure(group, "accuracy"),
            _figure(group, "macro_f1"),
            _figure(group, "ece"),
            _figure(group, "accused_humans"),
            str(group["rows_with_every_field"]),
            ", ".join(group["classes_without_support"]) or "none",
        )
        for name, group in masks.items()
    ]
    heads = (
        "mask",
        "rows",
        "accuracy",
        "macro-F1",
        "ECE",
        "humans accused",
        "rows with every field",
        "classes without",
    )
    return _table(heads, rows)


def _folds(protocol: Mapping[str, Any]) -> str:
    rows = [
        (
            _TITLES[platform],
            fold,
            *(_figure(group, name) for name in ("macro_f1", "accuracy", "ece", "accused_humans")),
            *(_figure(group, "recall", name) for name in CLASSES),
        )
        for platform, methods in protocol.get("p2", {}).items()
        for fold, group in methods["network"]["folds"].items()
    ]
    recalls = (f"recall {name}" for name in CLASSES)
    heads = ("platform", "fold", "macro-F1", "accuracy", "ECE", "humans accused", *recalls)
    return _table(heads, rows)


def _methods(protocol: Mapping[str, Any]) -> str:
    rows = [
        (
            _TITLES[platform],
            name,
            *(_figure(_known(protocol, platform, name), figure) for figure in ("accuracy", "macro_f1", "ece")),
            *(_figure(_unseen(protocol, platform, name), figure) for figure in ("macro_f1", "ece")),
        )
        for platform in _TITLES
        for name in protocol.get("p2", protocol.get("p1", {})).get(platform, {})
    ]
    return _table(("platform", "method", "P1 accuracy", "P1 macro-F1", "P1 ECE", "P2 macro-F1", "P2 ECE"), rows)


def _variations(answers: Mapping[str, Any]) -> str:
    if not answers:
        return "Not measured."
    return _limits(answers) + _methods(answers) + _spread(answers.get("p1", {}))


def _limits(answers: Mapping[str, Any]) -> str:
    """What was cut so that the variations could be compared in reasonable time."""
    told = [
        f"{_TITLES[platform]}: {', '.join(_LIMITS[name].format(most) for name, most in limits.items())}."
        for platform, limits in answers.get(LIMITS, {}).items()
    ]
    return f"Cut for time. {' '.join(told)}\n\n" if told else ""


def _spread(known: Mapping[str, Any]) -> str:
    """From the lowest to the highest P1 accuracy of each platform's variations."""
    spans = [
        (_TITLES[platform], [each["accuracy"] for each in methods.values()]) for platform, methods in known.items()
    ]
    told = (f"{title} {min(values):.3f} to {max(values):.3f}" for title, values in spans)
    return f"\n\nP1 accuracy: {'; '.join(told)}." if spans else ""


def _search(studies: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for platform, study in studies.items():
        names = list(study["trials"][0]["settings"])
        trials = sorted(enumerate(study["trials"]), key=lambda pair: -(pair[1]["score"] or 0))
        rows = [
            (
                f"{number} (in use)" if number == 0 else str(number),
                _figure(trial, "score"),
                trial["state"],
                *(f"{trial['settings'][name]:.3g}" for name in names),
            )
            for number, trial in trials
        ]
        title = f"{_TITLES[platform]}: folds {', '.join(study['folds'])}, at most {study['epochs']} epochs a network."
        parts.append(f"{title}\n\n{_table(('trial', 'macro-F1', 'state', *names), rows)}")
    return "\n\n".join(parts) or "Not measured."


def _live_filled(recalls: Mapping[str, Any]) -> str:
    told = ", ".join(f"{recall:.3f} {name}" for name, recall in recalls.items())
    return told or "not measured"


def _stress(stress: Mapping[str, Any]) -> str:
    names = [name for name in next(iter(stress.values()), {}) if name != "confident"]
    rows = [
        (_TITLES[platform], str(flips["confident"]), *(f"{flips[name]:.2%}" for name in names))
        for platform, flips in stress.items()
    ]
    return _table(("platform", "confident labels", *names), rows)


def _figure(group: Mapping[str, Any] | None, *path: str) -> str:
    value: Any = group
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "-" if value is None else f"{value:.3f}"


def _interval(group: Mapping[str, Any] | None, name: str) -> str:
    """From where to where a figure would move if other accounts of the same sources had been drawn."""
    ends = (group or {}).get("intervals", {}).get(name)
    return "-" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(heads), *map(tuple, rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
