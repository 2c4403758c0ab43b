"""Requests come at their times whatever the answers do."""

from __future__ import annotations

from threading import Event

from bench.arrivals import Answer, Arrivals
from bench.peers.calls import CallFailed


def test_stalled_answer_shows_in_every_request_behind_its_time() -> None:
    reached, go_on = Event(), Event()

    def ask(index: int) -> Answer:
        if index == 0:
            assert go_on.wait(10)
        elif index == 5:
            reached.set()
        elif index == 3:
            raise CallFailed("refused")
        return Answer(1, (1.0,))

    load = Arrivals(ask, per_second=1000)
    load.start()
    assert reached.wait(10)  # Later ones were sent although the first has no answer.
    go_on.set()
    samples = load.stop()
    assert [each.index for each in samples] == list(range(len(samples)))
    assert samples[0].latency_s > samples[5].due - samples[0].due
    assert (samples[3].answer, samples[3].failure) == (None, "refused")
    assert abs(samples[4].due - samples[0].due - 0.004) < 1e-6
