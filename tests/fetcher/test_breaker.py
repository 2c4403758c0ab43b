from __future__ import annotations

from fetcher.breaker import FIRST_PAUSE_S, MOST_FAILURES, Breaker


def broken(now: float = 0.0) -> Breaker:
    breaker = Breaker("m")
    for _ in range(MOST_FAILURES):
        assert breaker.allows(now)
        breaker.failed(now)
    return breaker


def test_failures_in_a_row_open_it_and_a_trial_closes_it_again() -> None:
    breaker = broken()
    assert not breaker.allows(FIRST_PAUSE_S - 1)
    assert breaker.allows(FIRST_PAUSE_S)
    assert not breaker.allows(FIRST_PAUSE_S), "One trial at a time."
    breaker.answered(0.0, FIRST_PAUSE_S)
    assert breaker.allows(FIRST_PAUSE_S)
    assert breaker.document(FIRST_PAUSE_S)["breaker"] == "closed"


def test_a_trial_that_fails_doubles_the_pause() -> None:
    breaker = broken()
    assert breaker.allows(FIRST_PAUSE_S)
    breaker.failed(FIRST_PAUSE_S)
    assert not breaker.allows(FIRST_PAUSE_S + 2 * FIRST_PAUSE_S - 1)
    assert breaker.allows(FIRST_PAUSE_S + 2 * FIRST_PAUSE_S)


def test_single_failures_between_answers_do_not_open_it() -> None:
    breaker = Breaker("m")
    for _ in range(50):
        breaker.failed(0.0)
        breaker.answered(0.1, 0.0)
    assert breaker.allows(0.0)


def test_a_jump_of_missing_fields_opens_it() -> None:
    breaker = Breaker("m")
    for _ in range(40):
        breaker.answered(0.1, 0.0)
    for _ in range(10):
        breaker.answered(0.8, 0.0)
    assert not breaker.allows(1.0)
    assert breaker.document(1.0)["reason"] == "missing fields"


def test_a_method_that_always_lacked_fields_stays_closed() -> None:
    breaker = Breaker("m")
    for _ in range(100):
        breaker.answered(0.6, 0.0)
    assert breaker.allows(0.0)


def test_an_account_that_does_not_exist_is_an_answer() -> None:
    breaker = Breaker("m")
    for _ in range(3 * MOST_FAILURES):
        breaker.failed(0.0)
        breaker.spoke()
    assert breaker.allows(0.0)
