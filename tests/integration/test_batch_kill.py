"""A smaller run of `make bench BENCH=batch-kill`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.killable_system import killable_system
from tests.integration.killed_batch import killed_batch


@pytest.mark.timeout(900)
def test_a_batch_survives_the_death_of_every_part(tmp_path: Path) -> None:
    with killable_system(tmp_path / "state", seconds=0.5, lease_s=9) as (system, watched):
        after = killed_batch(system, watched, 1_500, deadline_s=600)
    assert after.state == "finished"
    assert after.rows == 1_500
    assert after.outcomes == {"ok": 1_500}
    assert after.kills == 4
    assert after.asked_though_kept == 0
    assert after.kept > 0
