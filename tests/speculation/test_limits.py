"""Rate limits: speculation never delays a real call beyond the reserve, and stops near the limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.speculation import Limit, RateLimits
from specbench.speculation.limits import TokenBucket

EVENTS = st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=60)


def starts(limits: RateLimits, events: list[tuple[float, bool]]) -> tuple[list[float], list[float]]:
    """Return when the real calls and the speculations of ``(gap_s, real)`` start; real ones start in order."""
    now, real, guessed = 0.0, [], []
    free_s = 0.0  # when the real call before has started
    for gap_s, is_real in events:
        now += gap_s
        if is_real:
            at = max(now, free_s)
            while wait_s := limits.wait_s(at, "tool", None):
                at += wait_s
            assert limits.take(at, "tool", None)
            real.append(at)
            free_s = at
        elif now >= free_s and limits.refuse(now, "tool", None) is None:  # times never go back
            guessed.append(now)
    return real, guessed


@given(per_s=st.floats(0.2, 20), burst=st.floats(2, 30), reserve=st.floats(0.05, 0.6), events=EVENTS)
def test_real_calls_wait_no_longer_than_under_the_rest_of_the_limit(
    per_s: float, burst: float, reserve: float, events: list[tuple[float, bool]]
) -> None:
    """Whatever is speculated: real calls wait at most as under 1 − r of the limit, r the reserve, on their own."""
    real, _ = starts(RateLimits({"tool": Limit(per_s, burst, reserve)}), events)
    rest = max(1.0, burst * (1 - reserve))
    alone, _ = starts(RateLimits({"tool": Limit(per_s * (1 - reserve), rest, 0.0)}), events)
    assert all(one <= other + 1e-6 for one, other in zip(real, alone, strict=True))


@given(per_s=st.floats(0.2, 20), burst=st.floats(1, 30), reserve=st.floats(0, 0.6), events=EVENTS)
def test_all_together_stay_within_the_limit(
    per_s: float, burst: float, reserve: float, events: list[tuple[float, bool]]
) -> None:
    real, guessed = starts(RateLimits({"tool": Limit(per_s, burst, reserve)}), events)
    ran = sorted(real + guessed)
    for at, start in enumerate(ran):
        for after, end in enumerate(ran[at:], start=1):
            assert after <= burst + per_s * (end - start) + 1e-6


@pytest.mark.parametrize("burst", [1.0, 2.0, 4.0, 5.0, 9.0])
@pytest.mark.parametrize("reserve", [0.0, 0.2, 0.5])
def test_real_calls_alone_get_the_full_rate(burst: float, reserve: float) -> None:
    """25 calls at once: the burst, then one every 0.1 s, as a bucket of that rate and burst gives them."""
    real, _ = starts(RateLimits({"tool": Limit(10.0, burst, reserve)}), [(0.0, True)] * 25)
    slack_s = 0.1 if reserve else 0.0  # two buckets: each may hold a part of a call
    assert (25 - burst) / 10 - 1e-9 <= real[-1] <= (25 - burst) / 10 + slack_s + 1e-9


def test_a_bucket_worked_out_by_hand() -> None:
    bucket = TokenBucket(per_s=2.0, burst=3.0)
    for _ in range(3):
        bucket.take()
    assert (bucket.left(0.0), bucket.wait_s(0.0)) == (0.0, 0.5)
    assert (bucket.left(0.25), bucket.wait_s(0.25)) == (0.5, 0.25)
    assert (bucket.left(1.0), bucket.wait_s(1.0)) == (2.0, 0.0)
    assert bucket.left(9.0) == 3.0 and bucket.left(5.0) == 3.0  # never above the burst; times never go back


def test_the_parts_of_a_limit_worked_out_by_hand() -> None:
    """10 a second, 10 at once, 0.3 of it for speculation: 7 + 3 at once, refilled by 7 + 3 a second."""
    limits = RateLimits({"tool": Limit(10.0, 10.0, 0.3)})
    for _ in range(3):
        assert limits.refuse(0.0, "tool", None) is None
    assert limits.refuse(0.0, "tool", None) == "rate limit of tool: the reserve for speculation is used up"
    assert [limits.take(0.0, "tool", None) for _ in range(8)] == [True] * 7 + [False]
    assert limits.wait_s(0.0, "tool", None) == pytest.approx(1 / 7)
    assert limits.refuse(1 / 3, "tool", None) is None  # 1 of the 3, and 7/3 ≥ 7/4 of the real ones


def test_speculation_stops_when_real_calls_come_near_the_limit() -> None:
    limits = RateLimits({"tool": Limit(per_s=1.0, burst=20.0)})
    assert limits.refuse(0.0, "tool", None) is None
    for _ in range(13):
        assert limits.take(0.0, "tool", None)
    assert limits.refuse(0.0, "tool", None) == "rate limit of tool is near: 3.0 of 16 calls left"
    assert limits.refuse(3.0, "tool", None) is None


def test_a_group_is_shared_and_both_must_pass() -> None:
    limits = RateLimits({"search": Limit(1.0, 5.0, 0.2), "find": Limit(1.0, 50.0, 0.2)})
    assert limits.refuse(0.0, "find", "search") is None
    assert limits.refuse(0.0, "find", "search") == "rate limit of search: the reserve for speculation is used up"
    assert limits.refuse(0.0, "find", None) is None
    assert limits.refuse(0.0, "other", None) is None
    assert [limits.take(0.0, "find", "search") for _ in range(5)] == [True] * 4 + [False]
    assert limits.take(0.0, "find", None) and limits.wait_s(0.0, "find", "search") == pytest.approx(1.25)
    assert len(limits.gates("find", "search")) == 2 and limits.gates("other", None) == []


@pytest.mark.parametrize(("per_s", "burst", "reserve"), [(0, 1, 0.2), (1, 0.5, 0.2), (1, 1, 1.0), (1, 1, -0.1)])
def test_wrong_limits_are_told(per_s: float, burst: float, reserve: float) -> None:
    with pytest.raises(ConfigError, match=r"a rate limit is calls a second|the reserve for speculation is a share"):
        Limit(per_s, burst, reserve)


def test_of_both_names_one_limit() -> None:
    limits = RateLimits({"tool": Limit(1.0, 2.0, 0.0)})
    assert [limits.take(0.0, "tool", "tool") for _ in range(3)] == [True, True, False]
    assert len(limits.gates("tool", "tool")) == 1


@pytest.mark.parametrize("reserve", [0.2, 0.9])
def test_a_part_of_less_than_a_call_is_left_to_real_calls_and_says_so(reserve: float) -> None:
    limits = RateLimits({"tool": Limit(10.0, 4.0, reserve)})
    assert limits.refuse(0.0, "tool", None) == (
        f"rate limit of tool: a reserve of {reserve} of 4 calls at once leaves no whole call for speculation or "
        "for real ones, which have all of it"
    )
    assert [limits.take(0.0, "tool", None) for _ in range(5)] == [True] * 4 + [False]
