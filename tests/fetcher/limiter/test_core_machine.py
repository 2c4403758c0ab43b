"""For any sequence of requests, answers, losses, clock steps and restarts, no window is exceeded.

The platform is simulated on true time with its own strict windows; the core sees a clock that is off by up to half the
tolerance, changes at each restart or announced step, and answers that arrive late, out of order, without headers or not
at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fetcher.limiter.decision import decide, opened
from fetcher.limiter.line import joined
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.money import periods
from fetcher.limiter.rules import MICRO, Budget, Kind, Penalties, Rules, Window
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import State, Ticket, from_text, to_text

LIMIT, SECONDS, TOLERANCE, IN_FLIGHT = 2, 60.0, 10.0, 20.0
LONGEST_WAIT_S = 2 * (SECONDS + IN_FLIGHT + 2 * TOLERANCE) + 100 + 300
"""Two windows, a penalty, and the grace of tickets whose owners never come back."""
PRICE_USD, DAY_USD = 0.01, 0.5
"""A day's money is for fifty requests to the fixed window, more than most histories send and fewer than some."""
METHODS = st.sampled_from(["x", "i"])
HEADERS = st.sampled_from(["all", "all", "no date", "none"])
RULES = Rules(
    windows=(
        Window(name="fixed", methods=frozenset(["x"]), kind=Kind.FIXED, limit=LIMIT, seconds=SECONDS),
        Window(name="sliding", methods=frozenset(["i"]), kind=Kind.SLIDING, limit=LIMIT, seconds=SECONDS),
    ),
    penalties=Penalties(rate_limited_s=5, rate_limited_max_s=50, blocked_s=100, not_in_plan_s=100),
    pace_from_share=0.0,
    clock_tolerance_s=TOLERANCE,
    margin_s=1.0,
    in_flight_s=IN_FLIGHT,
    people_share=0.5,
    ticket_grace_s=30.0,
    patience_s=100.0,
    budget=Budget(day_usd=DAY_USD),
    prices={"x": PRICE_USD},
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
    """Short rules and small limits, so that most histories reach the limits and stay there."""

    def __init__(self) -> None:
        super().__init__()
        self.true_time = 86400.0 * 12 - 600  # Midnight is near.
        self.skew = 0.0
        self.state = State()
        self.fixed, self.sliding = FixedWindow(), SlidingWindow()
        self.flights: list[Flight] = []
        self.exceeded = False
        self.charged: dict[int, int] = {}
        self.sent = 0

    @property
    def now(self) -> float:
        return self.true_time + self.skew

    @rule(method=METHODS, times=st.integers(1, LIMIT + 1), person=st.booleans(), with_ticket=st.booleans())
    def ask(self, method: str, times: int, person: bool = True, with_ticket: bool = False) -> None:
        for _ in range(times):
            self.sent += 1
            tickets = tuple(ticket.id for ticket in self.state.line if ticket.method == method)[:1]
            request = Request(method, str(self.sent), person=person, tickets=tickets if with_ticket else ())
            decision = decide(RULES, self.state, request, self.now)
            if isinstance(decision, Grant):
                self.state = decision.state
                self.flights.append(Flight(request, self.true_time))
            else:
                assert decision.until > self.now

    @precondition(lambda self: len(self.state.line) < 4)
    @rule(method=METHODS, person=st.booleans(), client=st.sampled_from(["a", "b"]), places=st.integers(1, 3))
    def take_a_ticket(self, method: str, person: bool, client: str, places: int) -> None:
        """Whoever has to wait is told when to come back, and may never do so."""
        decision = decide(RULES, self.state, Request(method, "probe", person=person), self.now)
        if isinstance(decision, Wait):
            self.sent += 1
            until, expires = decision.until, decision.until + RULES.ticket_grace_s
            ticket = Ticket(f"t{self.sent}", person, client, method, self.now, until, expires, places)
            self.state, _ = joined(self.state, ticket, self.now)

    @rule()
    def money_runs_out(self) -> None:
        """As if other requests had spent the day's money."""
        spending = {period: round(DAY_USD * MICRO) for period in periods(RULES, self.now)}
        self.state = replace(self.state, spending=spending)

    @rule(method=METHODS, times=st.integers(1, LIMIT), headers=HEADERS, answered=st.booleans())
    def ask_as_soon_as_allowed(self, method: str, times: int, headers: str, answered: bool) -> None:
        """The hardest moment: the first at which the core sends again; the requests arrive at once."""
        decision = decide(RULES, self.state, Request(method, "probe"), self.now)
        if isinstance(decision, Wait):
            self._pass(decision.until - self.now)
        before = len(self.flights)
        self.ask(method, times)
        for flight in self.flights[before:]:
            self._arrive(flight, headers)
        if answered:
            self.answer_all()

    @precondition(lambda self: self.flights)
    @rule(data=st.data(), headers=HEADERS)
    def arrive(self, data: st.DataObject, headers: str) -> None:
        """The platform receives and counts a request."""
        self._arrive(data.draw(st.sampled_from(self.flights)), headers)

    @precondition(lambda self: any(flight.answer for flight in self.flights))
    @rule(data=st.data(), how=st.sampled_from(["as it is", "as it is", "refused", "lost"]))
    def answer(self, data: st.DataObject, how: str) -> None:
        """An answer reaches us, in any order."""
        flight = data.draw(st.sampled_from([flight for flight in self.flights if flight.answer is not None]))
        self.flights.remove(flight)
        assert flight.answer is not None
        answer = flight.answer
        if how != "as it is":
            kind = AnswerKind.RATE_LIMITED if how == "refused" else AnswerKind.LOST
            answer = Answer(kind=kind)
        self.state = settle(RULES, self.state, flight.request, answer, self.now)

    @rule()
    def answer_all(self) -> None:
        for flight in list(self.flights):
            if flight.answer is not None:
                self.flights.remove(flight)
                self.state = settle(RULES, self.state, flight.request, flight.answer, self.now)

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 19.0, SECONDS - 1, SECONDS + 2]))
    def pass_time(self, seconds: float) -> None:
        self._pass(seconds)

    @rule(skew=st.sampled_from([-TOLERANCE / 2, 0.0, TOLERANCE / 2]))
    def restart_with_another_clock(self, skew: float) -> None:
        """kill -9: what was granted and not settled stays unsettled; the state comes back from its text."""
        self.skew = skew
        for flight in self.flights:
            self._arrive(flight, "all")
        self.flights.clear()
        self.state = opened(RULES, from_text(to_text(self.state)), self.now)

    @rule(step=st.sampled_from([-500.0, 500.0]))
    def clock_is_set_far_off(self, step: float) -> None:
        """Noticed while running, and put right again."""
        self.state = opened(RULES, self.state, self.now + step, step)
        self.state = opened(RULES, self.state, self.now, -step)

    def _pass(self, seconds: float) -> None:
        """Whatever is on its way for longer than allowed was broken off by its time-out, uncounted."""
        self.true_time += seconds
        late = [flight for flight in self.flights if self.true_time - flight.sent_at > IN_FLIGHT]
        for flight in late:
            self.flights.remove(flight)
            self.state = settle(RULES, self.state, flight.request, Answer(kind=AnswerKind.LOST), self.now)

    def _arrive(self, flight: Flight, headers: str) -> None:
        if flight.answer is not None:
            return
        server_time = None if headers == "no date" else float(int(self.true_time))
        if flight.request.method == "x":
            day = int(self.true_time // 86400)
            self.charged[day] = self.charged.get(day, 0) + 1
        if flight.request.method == "i":
            served = self.sliding.receive(self.true_time)
            flight.answer = Answer(kind=AnswerKind.SERVED, server_time=server_time)
        else:
            served, remaining, reset = self.fixed.receive(self.true_time)
            flight.answer = Answer(kind=AnswerKind.SERVED)
            if headers != "none":
                flight.answer = Answer(
                    kind=AnswerKind.SERVED, limit=LIMIT, remaining=remaining, reset=reset, server_time=server_time
                )
        self.exceeded |= not served

    @invariant()
    def no_window_is_exceeded(self) -> None:
        assert not self.exceeded

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        # Money comes back at midnight, which is further away than any window.
        state = replace(self.state, spending={})
        for method in ("x", "i"):
            for person in (True, False):
                now, request = self.now, Request(method, "probe", person=person)
                for _ in range(1000):
                    decision = decide(RULES, state, request, now)
                    if isinstance(decision, Grant):
                        break
                    now = decision.until
                else:
                    raise AssertionError("A thousand waits in a row.")
                # Whoever is far behind in the line is told a later window for every round before it.
                places = sum(ticket.places for ticket in state.line)
                assert now - self.now <= LONGEST_WAIT_S + places * SECONDS

    @invariant()
    def no_day_is_overspent(self) -> None:
        """On the platform's clock, by what it charged."""
        assert all(count * PRICE_USD <= DAY_USD + 1e-9 for count in self.charged.values())


CoreMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestCore = CoreMachine.TestCase
