"""Rate limits: speculation never delays a real call beyond the reserve, and stops near the limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.speculation import Limit, RateLimits

EVENTS = st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=60)


@given(per_s=st.floats(0.2, 20), burst=st.floats(2, 30), reserve=st.floats(0.05, 0.6), events=EVENTS)
def test_real_calls_wait_no_longer_than_under_the_rest_of_the_limit(
    per_s: float, burst: float, reserve: float, events: list[tuple[float, bool]]
) -> None:
    """Whatever is speculated: real calls wait at most as under 1 − r of the limit, r the reserve, on their own."""
    shared = RateLimits({"tool": Limit(per_s, burst, reserve)})
    rest = max(1.0, burst * (1 - reserve))
    alone = RateLimits({"tool": Limit(per_s * (1 - reserve), rest, 0.0)})
    now = 0.0
    for gap_s, real in events:
        now += gap_s
        if real:
            assert shared.wait_s(now, "tool", None) <= alone.wait_s(now, "tool", None) + 1e-6
        else:
            shared.refuse(now, "tool", None)


@given(per_s=st.floats(0.2, 20), burst=st.floats(1, 30), reserve=st.floats(0, 0.6), events=EVENTS)
def test_all_together_stay_within_the_limit(
    per_s: float, burst: float, reserve: float, events: list[tuple[float, bool]]
) -> None:
    limits = RateLimits({"tool": Limit(per_s, burst, reserve)})
    now, ran = 0.0, []
    for gap_s, real in events:
        now += gap_s
        if real:
            ran.append(now + limits.wait_s(now, "tool", None))
        elif limits.refuse(now, "tool", None) is None:
            ran.append(now)
    ran.sort()
    for at, start in enumerate(ran):
        for after, end in enumerate(ran[at:], start=1):
            assert after <= burst + per_s * (end - start) + 1.0 + 1e-6  # a bucket of at least one call


def test_speculation_stops_when_real_calls_come_near_the_limit() -> None:
    limits = RateLimits({"tool": Limit(per_s=1.0, burst=20.0)})
    assert limits.refuse(0.0, "tool", None) is None
    for _ in range(13):
        assert limits.wait_s(0.0, "tool", None) == 0.0
    assert limits.refuse(0.0, "tool", None) == "rate limit of tool is near: 3.0 of 16 calls left"
    assert limits.refuse(3.0, "tool", None) is None


def test_a_group_is_shared_and_both_must_pass() -> None:
    limits = RateLimits({"search": Limit(1.0, 5.0, 0.2), "find": Limit(1.0, 50.0, 0.2)})
    assert limits.refuse(0.0, "find", "search") is None
    assert limits.refuse(0.0, "find", "search") == "rate limit of search: the reserve for speculation is used up"
    assert limits.refuse(0.0, "find", None) is None
    assert limits.refuse(0.0, "other", None) is None


@pytest.mark.parametrize(("per_s", "burst", "reserve"), [(0, 1, 0.2), (1, 0.5, 0.2), (1, 1, 1.0), (1, 1, -0.1)])
def test_wrong_limits_are_told(per_s: float, burst: float, reserve: float) -> None:
    with pytest.raises(ConfigError, match=r"a rate limit is calls a second|the reserve for speculation is a share"):
        Limit(per_s, burst, reserve)


def test_what_is_not_needed_is_given_back() -> None:
    limits = RateLimits({"tool": Limit(1.0, 2.0, 0.0)})
    assert limits.wait_s(0.0, "tool", "tool") == limits.wait_s(0.0, "tool", "tool") == 0.0  # of both names one limit
    wait_s, tokens = limits.take(0.0, "tool", None)
    assert wait_s == pytest.approx(1.0)
    for bucket in tokens:
        bucket.give_back()
    assert limits.wait_s(0.0, "tool", None) == pytest.approx(1.0)


def test_a_reserve_of_less_than_a_call_says_so() -> None:
    assert RateLimits({"tool": Limit(10.0, 4.0)}).refuse(0.0, "tool", None) == (
        "rate limit of tool: the reserve for speculation, 0.8, is no whole call"
    )
