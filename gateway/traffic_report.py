"""Who answers which accounts, told as the API and the model page tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from contracts.json_fields import write_time
from contracts.model import CANARY, STABLE
from gateway.errors import DatabaseUnavailableError, ModelUnavailableError
from gateway.observations import WINDOW_S, Calls, Observed
from gateway.prediction import Version
from gateway.split_model import SplitModel
from gateway.traffic import Traffic
from gateway.traffic_control import TrafficControl
from gateway.traffic_schemas import TrafficChange
from gateway.wording import percent


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """The settings, the versions they concern and what was seen of them."""

    traffic: Traffic
    stable: Version | None
    canary: Version | None
    stable_note: str | None
    canary_note: str | None
    observed: Observed
    dropped: int

    @property
    def share(self) -> float:
        """The share that the canary really answers."""
        return self.traffic.canary_share if self.canary else 0.0

    @property
    def effect(self) -> str:
        """What it comes to, in one sentence."""
        if self.canary is None:
            return f"No canary can answer, so stable answers every account. {self.canary_note}"
        if self.share == 0:
            told = ", and the canary is only asked beside it to compare" if self.traffic.shadow else ""
            return f"Stable answers every account{told}."
        told = "; both are asked and compared" if self.traffic.shadow else ""
        return f"The canary answers {percent(self.share)} of the accounts, stable the others{told}."

    def versions(self) -> list[dict[str, Any]]:
        """Every version with its labels and its share."""
        rows: dict[int, dict[str, Any]] = {}
        for label, version, share in ((STABLE, self.stable, 1 - self.share), (CANARY, self.canary, self.share)):
            if version is not None:
                row = rows.setdefault(version.number, {"version": version.number, "labels": [], "share": 0.0})
                row["labels"].append(label)
                row["share"] += share
                row["shadow"] = self.traffic.shadow and label == CANARY
        return list(rows.values())

    def to_json(self) -> dict[str, Any]:
        """The body of `GET /api/v1/model/traffic`."""
        back, agreement = self.traffic.rolled_back, self.observed.agreement
        return {
            "canary_share": self.traffic.canary_share,
            "shadow": self.traffic.shadow,
            "bounds": asdict(self.traffic.bounds),
            "stable": {"version": self.stable.number if self.stable else None, "note": self.stable_note},
            "canary": {"version": self.canary.number if self.canary else None, "note": self.canary_note},
            "effect": self.effect,
            "rolled_back": back and {"at": write_time(back.at), "reason": back.reason, "version": back.version},
            "observed": {
                "window_s": WINDOW_S,
                "stable": _calls(self.observed.stable),
                "canary": _calls(self.observed.canary),
                "shadow": {
                    "compared": agreement.compared,
                    "agreement": agreement.rate if agreement.compared else None,
                    "mean_absolute_difference": agreement.mean_absolute_difference,
                    "dropped": self.dropped,
                },
            },
        }


def report(model: SplitModel, control: TrafficControl, request_id: str) -> TrafficReport:
    """What holds now; what cannot be asked is told as it was last known."""
    try:
        traffic = control.fresh()
    except DatabaseUnavailableError:
        traffic = control.current()
    stable, stable_note = None, None
    try:
        stable = model.version(request_id, fresh=True)
    except ModelUnavailableError as error:
        stable_note = str(error)
    canary, canary_note = model.canary(request_id)
    return TrafficReport(traffic, stable, canary, stable_note, canary_note, model.observed(), model.shadow.dropped)


def changed(traffic: Traffic, change: TrafficChange) -> Traffic:
    """`traffic` with what `change` names; a new share is a new start after a rollback."""
    wanted = change.model_dump(exclude_none=True)
    bounds = replace(traffic.bounds, **wanted.pop("bounds", {}))
    rolled_back = None if "canary_share" in wanted else traffic.rolled_back
    return replace(traffic, bounds=bounds, rolled_back=rolled_back, **wanted)


def _calls(calls: Calls) -> dict[str, Any]:
    return {
        "requests": calls.requests,
        "errors": calls.errors,
        "error_rate": calls.error_rate,
        "tail_ms": None if calls.tail_s is None else round(1000 * calls.tail_s, 3),
    }
