from __future__ import annotations

import pytest

from gateway.batches.agreement import Reviewed, judged, kappa, wilson


def test_wilsons_interval_is_that_of_the_textbooks() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_cohens_kappa_is_that_of_the_textbooks() -> None:
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("yes", "yes")] * 3) is None
    assert kappa([]) is None


def test_precision_is_told_by_class_and_over_all() -> None:
    sample = [
        Reviewed("bot", ("bot", None)),
        Reviewed("bot", ("regular", None)),
        Reviewed("regular", ("regular", "regular")),
        Reviewed("regular", ("regular", "unclear")),
        Reviewed("fake", (None, None)),
    ]
    found = judged(sample)
    assert found["precision"]["bot"]["precision"] == 0.5
    assert found["precision"]["regular"]["precision"] == 0.75
    assert found["precision"]["fake"]["precision"] is None
    assert found["precision"]["all"]["labelled"] == 4
    assert (found["both"], found["labels"]) == (2, {"reviewer_1": 4, "reviewer_2": 2})
