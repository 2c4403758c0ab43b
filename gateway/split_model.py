"""The model as the use case sees it: each account's question goes to stable or to the canary, and back to stable where
the canary fails; what was seen of the canary may cost it its share.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from contracts.model import CANARY
from gateway.errors import ModelUnavailableError, NoVersionError
from gateway.metrics import Metrics
from gateway.observations import Observations, Observed
from gateway.prediction import Model, Prediction, Version
from gateway.rollback_rule import breach
from gateway.shadow import Copy, Shadow
from gateway.traffic import RolledBack, Traffic, takes_canary
from gateway.traffic_control import TrafficControl

_log = logging.getLogger(__name__)

JUDGE_S = 0.25
"""How often a canary without failures is judged at most; a failure is judged at once."""


class SplitModel:
    """Safe to share between threads. `now` gives the time in UTC, `clock` is monotonic, in seconds.

    Above `busy_at` questions at once, copies for the shadow are dropped.
    """

    def __init__(
        self,
        stable: Model,
        control: TrafficControl,
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        busy_at: int = 8,
    ) -> None:
        self._stable = stable
        self._canary = stable.another(CANARY)
        self._control = control
        self._metrics = metrics
        self._now = now
        self._clock = clock
        self._busy_at = busy_at
        self._observations = Observations(clock)
        self._judge_at = float("-inf")
        self._lock = threading.Lock()
        self._asking = 0
        self.shadow = Shadow(self._compare, metrics, clock=clock)

    def version(self, request_id: str, *, fresh: bool = False) -> Version:
        """The stable version; `fresh` asks the server. Raises ModelUnavailableError."""
        return self._stable.version(request_id, fresh=fresh)

    def canary(self, request_id: str) -> tuple[Version | None, str | None]:
        """The canary as the server has it now, else None and why."""
        return self._canary.find(request_id, fresh=True), self._canary.absence

    def observed(self) -> Observed:
        """What this process saw lately of the canary and, meanwhile, of stable."""
        return self._observations.observed()

    def wants(self, platform: str, request_id: str) -> frozenset[str]:
        """The optional parts of a fetch that any version which may answer reads; raises ModelUnavailableError."""
        versions = [self._stable.version(request_id), self._canary_of(self._control.current(), request_id)]
        return frozenset(part for each in versions if each for part in each.description.wants.get(platform, ()))

    def explain(self, features: NDArray[np.float32], account: str, request_id: str) -> Prediction:
        """Probabilities and contributions of float32[n, F] from the one version that answers `account`.

        Raises ModelUnavailableError where stable cannot answer.
        """
        traffic = self._control.current()
        canary = self._canary_of(traffic, request_id)
        if canary is None:
            return self._ask("stable", features, request_id)
        with self._counted() as busy:
            chosen = takes_canary(account, traffic)
            prediction, failed = self._ask_canary(canary, features, request_id) if chosen else (None, False)
            by_canary = prediction is not None
            prediction = prediction or self._ask("stable", features, request_id)
        if failed:
            # Counted only here, where stable could answer the same question.
            self._observations.called(canary=True, seconds=None)
        if chosen:
            self._judge(traffic, canary.number, at_once=failed)
        if traffic.shadow:
            copy = Copy(features, prediction.probabilities, by_canary, canary.number, request_id)
            self.shadow.offer(copy, busy=busy)
        return prediction

    def close(self) -> None:
        """End the thread of the shadow."""
        self.shadow.close()

    def _canary_of(self, traffic: Traffic, request_id: str) -> Version | None:
        """The canary where it has anything to do."""
        if traffic.canary_share == 0 and not traffic.shadow:
            return None
        canary = self._canary.find(request_id)
        back = traffic.rolled_back
        if canary is not None and (back is None or back.version != canary.number):
            # What was seen of a canary stays readable after its rollback.
            self._observations.start((canary.number, traffic.revision))
        return canary

    def _ask_canary(
        self, canary: Version, features: NDArray[np.float32], request_id: str
    ) -> tuple[Prediction | None, bool]:
        """The canary's answer, or None and whether that is its failure; a label that is being moved is none."""
        try:
            return self._ask("canary", features, request_id, canary), False
        except NoVersionError:
            return None, False
        except ModelUnavailableError as error:
            fields = {"version": canary.number, "error": str(error)}
            _log.warning("The canary failed, stable answers.", extra={"fields": fields})
            return None, True

    def _ask(
        self,
        role: Literal["stable", "canary"],
        features: NDArray[np.float32],
        request_id: str,
        known: Version | None = None,
    ) -> Prediction:
        started = self._clock()
        version, outcome = "unknown" if known is None else str(known.number), "error"
        try:
            prediction = (self._canary if role == "canary" else self._stable).explain(features, request_id)
            version, outcome = str(prediction.version.number), "ok"
            self._metrics.model_rows.labels(version, role).observe(len(features))
        finally:
            seconds = self._clock() - started
            self._metrics.model_seconds.labels(version, role, outcome).observe(seconds)
        self._observations.called(canary=role == "canary", seconds=seconds)
        return prediction

    @contextmanager
    def _counted(self) -> Iterator[bool]:
        """Count the questions that are being asked; gives whether they are many."""
        with self._lock:
            self._asking += 1
            busy = self._asking > self._busy_at
        try:
            yield busy
        finally:
            with self._lock:
                self._asking -= 1

    def _compare(self, copy: Copy) -> None:
        """Ask the version that did not answer, and take down how far the two agree."""
        started = self._clock()
        other = self._stable if copy.by_canary else self._canary
        version, probabilities = other.predict(copy.features, copy.request_id)
        self._metrics.model_seconds.labels(str(version.number), "shadow", "ok").observe(self._clock() - started)
        self._metrics.model_rows.labels(str(version.number), "shadow").observe(len(copy.features))
        if not copy.by_canary and version.number != copy.canary:
            self._metrics.shadow_copies.labels("moved").inc()
            return
        canary = str(copy.canary)
        agree = copy.probabilities.argmax(1) == probabilities.argmax(1)
        differences = np.abs(copy.probabilities - probabilities).mean(1)
        for same, difference in zip(agree.tolist(), differences.tolist(), strict=True):
            self._observations.compared(agreed=same, difference=difference)
            self._metrics.shadow_labels.labels(canary, str(same).lower()).inc()
            self._metrics.shadow_difference.labels(canary).observe(difference)
        self._metrics.shadow_copies.labels("compared").inc()
        self._judge(self._control.current(), copy.canary, at_once=not agree.all())

    def _judge(self, traffic: Traffic, canary: int, *, at_once: bool) -> None:
        if traffic.canary_share == 0 or not (at_once or self._clock() >= self._judge_at):
            return
        self._judge_at = self._clock() + JUDGE_S
        broken = breach(self._observations.observed(), traffic.bounds)
        if broken is not None:
            self._control.roll_back(traffic, broken, RolledBack(self._now(), canary, broken.reason))
