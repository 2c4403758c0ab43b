"""For any sequence of requests, answers, losses, clock steps and restarts, no window is exceeded.

The platform is simulated on true time with its own strict windows; the core sees a clock that is off by up to half the
tolerance, changes at each restart or announced step, and answers that arrive late, out of order, without headers or not
at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from fetcher.limiter.decision import decide, opened
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.rules import Kind, Penalties, Rules, Window
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import State, from_text, to_text

LIMIT, SECONDS, TOLERANCE, IN_FLIGHT = 4, 60.0, 10.0, 20.0
RULES = Rules(
    windows=(
        Window(name="fixed", methods=frozenset(["x"]), kind=Kind.FIXED, limit=LIMIT, seconds=SECONDS),
        Window(name="sliding", methods=frozenset(["i"]), kind=Kind.SLIDING, limit=LIMIT, seconds=SECONDS),
    ),
    penalties=Penalties(rate_limited_s=5, rate_limited_max_s=50, blocked_s=100, not_in_plan_s=100),
    pace_from_share=0.5,
    clock_tolerance_s=TOLERANCE,
    margin_s=1.0,
    in_flight_s=IN_FLIGHT,
)


@dataclass
class Flight:
    """A request on its way, and what the platform answered when it arrived there."""

    request: Request
    sent_at: float
    answer: Answer | None = None


class FixedWindow:
    """X's: begins with the first request after the last reset, which is a whole second."""

    def __init__(self) -> None:
        self.reset = 0.0
        self.used = 0

    def receive(self, now: float) -> tuple[bool, int, float]:
        if now >= self.reset:
            self.reset, self.used = float(ceil(now + SECONDS)), 0
        self.used += 1
        return self.used <= LIMIT, max(0, LIMIT - self.used), self.reset


class SlidingWindow:
    def __init__(self) -> None:
        self.times: list[float] = []

    def receive(self, now: float) -> bool:
        self.times = [time for time in self.times if time > now - SECONDS] + [now]
        return len(self.times) <= LIMIT


class CoreMachine(RuleBasedStateMachine):
    flights = Bundle("flights")

    def __init__(self) -> None:
        super().__init__()
        self.true_time = 1_000_000.0
        self.skew = 0.0
        self.state = State()
        self.fixed, self.sliding = FixedWindow(), SlidingWindow()
        self.exceeded = False
        self.sent = 0

    @property
    def now(self) -> float:
        return self.true_time + self.skew

    @rule(target=flights, method=st.sampled_from(["x", "i"]))
    def ask(self, method: str) -> Flight | None:
        self.sent += 1
        request = Request(method, str(self.sent))
        decision = decide(RULES, self.state, request, self.now)
        if isinstance(decision, Wait):
            assert decision.until > self.now
            return None
        self.state = decision.state
        return Flight(request, self.true_time)

    @rule(target=flights, flight=consumes(flights), headers=st.sampled_from(["all", "no date", "none"]))
    def arrive(self, flight: Flight | None, headers: str) -> Flight | None:
        """The platform receives and counts the request."""
        if flight is None or flight.answer is not None or self.true_time - flight.sent_at > IN_FLIGHT:
            return None
        server_time = None if headers == "no date" else float(int(self.true_time))
        if flight.request.method == "i":
            served = self.sliding.receive(self.true_time)
            flight.answer = Answer(kind=AnswerKind.SERVED, server_time=server_time)
        else:
            served, remaining, reset = self.fixed.receive(self.true_time)
            answer = Answer(
                kind=AnswerKind.SERVED, limit=LIMIT, remaining=remaining, reset=reset, server_time=server_time
            )
            flight.answer = Answer(kind=AnswerKind.SERVED) if headers == "none" else answer
        self.exceeded |= not served
        return flight

    @rule(flight=consumes(flights), refused=st.booleans())
    def answer(self, flight: Flight | None, refused: bool) -> None:
        """The answer reaches us, unless it took too long."""
        if flight is None or flight.answer is None or self.true_time - flight.sent_at > IN_FLIGHT:
            return
        answer = flight.answer
        if refused:
            answer = Answer(kind=AnswerKind.RATE_LIMITED, server_time=answer.server_time)
        self.state = settle(RULES, self.state, flight.request, answer, self.now)

    @rule(flight=consumes(flights), counted=st.booleans())
    def lose(self, flight: Flight | None, counted: bool) -> None:
        """Given up; the platform may have counted it."""
        if flight is None or self.true_time - flight.sent_at > IN_FLIGHT:
            return
        if counted and flight.answer is None:
            window = self.sliding if flight.request.method == "i" else self.fixed
            served = window.receive(self.true_time)
            self.exceeded |= not (served if isinstance(served, bool) else served[0])
        self.state = settle(RULES, self.state, flight.request, Answer(kind=AnswerKind.LOST), self.now)

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 14.9, 30.0, 59.0, 61.0, 200.0]))
    def pass_time(self, seconds: float) -> None:
        self.true_time += seconds

    @rule(skew=st.floats(-TOLERANCE / 2, TOLERANCE / 2))
    def restart_with_another_clock(self, skew: float) -> None:
        """kill -9: what was granted and not settled stays unsettled; the state comes back from its text."""
        self.skew = skew
        self.state = opened(RULES, from_text(to_text(self.state)), self.now)

    @rule(step=st.floats(-500, 500))
    def clock_is_set_far_off(self, step: float) -> None:
        """Noticed while running, and put right again; the skew to the platform stays as it was."""
        self.state = opened(RULES, self.state, self.now, step)

    @precondition(lambda self: self.sent)
    @invariant()
    def no_window_is_exceeded(self) -> None:
        assert not self.exceeded

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        for method in ("x", "i"):
            now, request = self.now, Request(method, "probe")
            for _ in range(12):
                decision = decide(RULES, self.state, request, now)
                if isinstance(decision, Grant):
                    break
                now = decision.until
            else:
                raise AssertionError("Twelve waits in a row.")
            assert now - self.now <= 2 * (SECONDS + IN_FLIGHT + 2 * TOLERANCE) + 100


CoreMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCore = CoreMachine.TestCase
