from __future__ import annotations

from gateway.results.corrections import CorrectionState
from gateway.results.sweep import sweep
from tests.gateway.fakes import assessment
from tests.gateway.results.conftest import Kept


def test_what_is_over_goes_and_what_training_may_read_stays(kept: Kept) -> None:
    approved, pending = (kept.corrections.make("ada", kept.add("ada", assessment()).id, "bot") for _ in range(2))
    kept.corrections.decide(approved.id, CorrectionState.APPROVED, "olga")
    assert sweep(kept.engine, kept.time.now(), retention_days=30) == {"results": 0, "corrections": 0}
    kept.time.pass_days(31)
    assert sweep(kept.engine, kept.time.now(), retention_days=30) == {"results": 2, "corrections": 1}
    left = kept.corrections.listed()
    assert [each.id for each in left] == [approved.id]
    assert left[0].handle is None
    assert pending.id not in {each.id for each in left}


def test_a_shorter_time_holds_for_what_is_kept_already(kept: Kept) -> None:
    kept.add("ada", assessment())
    kept.time.pass_days(2)
    assert sweep(kept.engine, kept.time.now(), retention_days=1)["results"] == 1
