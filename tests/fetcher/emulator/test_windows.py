from __future__ import annotations

from typing import Any

from fetcher.emulator.windows import Accounting, Limit

FIXED = Limit(name="f", methods=frozenset(["m"]), limit=2, seconds=60, fixed=True)
SLIDING = Limit(name="s", methods=frozenset(["m"]), limit=2, seconds=60, fixed=False)


def test_a_fixed_window_refuses_until_its_reset_and_counts_the_violation(clock: Any) -> None:
    accounting = Accounting([FIXED], clock.now)
    verdicts = [accounting.count("m", "c") for _ in range(3)]
    assert [(each.allowed, each.remaining) for each in verdicts] == [(True, 1), (True, 0), (False, 0)]
    assert accounting.document() == {"requests": {"m": 3}, "violations": {"m": 1}}
    clock.time = verdicts[0].reset
    assert accounting.count("m", "c").allowed


def test_a_sliding_window_counts_refused_requests_too(clock: Any) -> None:
    accounting = Accounting([SLIDING], clock.now)
    for _ in range(3):
        accounting.count("m", "c")
        clock.time += 20
    assert not accounting.count("m", "c").allowed
    clock.time += 60
    assert accounting.count("m", "c").allowed


def test_credentials_have_windows_of_their_own(clock: Any) -> None:
    accounting = Accounting([FIXED], clock.now)
    assert all(accounting.count("m", credential).allowed for credential in ("a", "b") for _ in range(2))
