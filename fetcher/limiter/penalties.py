"""How long nothing is sent after an answer that refused us. Pure."""

from __future__ import annotations

from fetcher.limiter.counting import reset_between
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.limiter.rules import Rules
from fetcher.limiter.state import EVERY_METHOD, Penalty, Reason, Report, State

_DAY_S = 86400.0


def penalties_after(rules: Rules, state: State, method: str, answer: Answer, now: float) -> dict[str, Penalty]:
    """The penalties of `state` after an answer to `method`; those that are long over are forgotten.

    Each further refusal in a row doubles the pause; each request that is served afterwards takes one back.
    """
    penalties = {scope: penalty for scope, penalty in state.penalties.items() if penalty.until > now - _DAY_S}
    scales = rules.penalties
    before = penalties.get(method)
    refusals = 0 if before is None else before.refusals
    match answer.kind:
        case AnswerKind.SERVED:
            if before is not None and before.until <= now:
                penalties[method] = before._replace(refusals=max(0, refusals - 1))
        case AnswerKind.RATE_LIMITED:
            until = _back_at(rules, state, answer, refusals, now)
            penalties[method] = Penalty(until, Reason.RATE_LIMITED, refusals + 1)
        case AnswerKind.USAGE_CAPPED:
            # Waiting does not lift a cap; at midnight UTC the bill starts anew, so one request may ask again.
            penalties[EVERY_METHOD] = Penalty((now // _DAY_S + 1) * _DAY_S, Reason.BUDGET, 1)
        case AnswerKind.BLOCKED:
            penalties[EVERY_METHOD] = Penalty(now + scales.blocked_s, Reason.BLOCKED, 1)
        case AnswerKind.NOT_IN_PLAN:
            penalties[method] = Penalty(now + scales.not_in_plan_s, Reason.NOT_IN_PLAN, 1)
        case AnswerKind.FAILED | AnswerKind.LOST:
            pass
    return penalties


def _back_at(rules: Rules, state: State, answer: Answer, refusals: int, now: float) -> float:
    """The reset where the platform names a believable one, else a pause that doubles with each refusal."""
    if answer.reset is not None and answer.retry_after_s is None:
        reset_at = reset_between(rules, state, Report(1, 1, answer.reset))[1]
        if now < reset_at < now + rules.longest_s + rules.clock_tolerance_s + rules.in_flight_s:
            return reset_at
    scales = rules.penalties
    pause = min(scales.rate_limited_s * 2.0 ** min(refusals, 32), scales.rate_limited_max_s)
    return now + max(pause, min(answer.retry_after_s or 0.0, _DAY_S))
