"""What a shortened configuration leaves out, and what it leaves alone."""

from __future__ import annotations

from training.config import Config
from training.variations import shortened


def test_limits_cut_and_never_lengthen() -> None:
    real = Config.read()
    cut = shortened(real, epochs=2, members=1, rehearsals=1)
    experts = [each for platform in (cut.x, cut.instagram) for each in (platform.close, *platform.general)]
    assert {each.epochs for each in experts} == {2}
    assert {each.members for each in experts} == {1}
    assert cut.x.gate.rehearsal.repeats == 1
    assert cut.instagram.gate.rehearsal.repeats == 0
    assert cut.x.close.hidden == real.x.close.hidden


def test_without_limits_nothing_changes() -> None:
    assert shortened(Config.read()) == Config.read()
    assert shortened(Config.read(), rehearsals=0).x.gate.rehearsal.repeats == 0
