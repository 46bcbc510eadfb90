"""Windows, carried results, run-ahead, slots: examples small enough to work out by hand, and the field's formulas."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate, Window
from specbench.core.types import Message, ToolCall, Trace
from specbench.metrics import PredictionTable, SpeculationMetrics, predict_traces
from specbench.metrics.theory import client_speed_up, overlap_saved_share, run_ahead_saved_share
from specbench.policies import Never, Threshold, TopK
from specbench.predictors import make_predictor
from specbench.sim import Constant, simulate
from specbench.speculation import Limit, Options, RunAhead
from specbench.testing import make_traces
from tests.tables import TOOLS, call, table


def spoken(*said: str) -> PredictionTable:
    """A table from a conversation: ``user``, ``reply``, or a call such as ``read:1``; predicted by an oracle."""
    messages = []
    for text in said:
        if text == "user":
            messages.append(Message("user", "go on"))
        elif text == "reply":
            messages.append(Message("assistant", "well"))
        else:
            messages.append(Message("assistant", "", (call(text),)))
            messages.append(Message("tool", "result", (), None, call(text).name))
    trace = Trace("t", "t", "hand", tuple(messages), TOOLS)
    return predict_traces(make_predictor("oracle").fit([]), [trace], ahead=True)


def starts(found: object) -> list[tuple[str, float, str]]:
    return [(each.window, each.launched_s, each.fate) for each in found.speculations]  # type: ignore[attr-defined]


def test_the_user_window_prefetches_while_the_user_types() -> None:
    ledger = simulate(
        spoken("user", "reply", "user", "read:1"), TopK(), latency=Constant(1.0, 4.0, 5.0),
        options=Options({"think", "user"}),
    )  # fmt: skip
    assert starts(ledger) == [(Window.USER, 1.0, Fate.COMMIT)]
    assert [row.speculative_s for row in ledger.outcomes] == [1.0, 1.0]  # the user's seconds do not count
    assert ledger.outcomes[1].saved_s == 4.0


def test_the_tool_window_starts_the_next_call_while_a_tool_runs() -> None:
    ledger = simulate(spoken("user", "note", "read:1"), TopK(), latency=Constant(1.0, 4.0), options=Options({"tool"}))
    assert starts(ledger) == [(Window.TOOL, 1.0, Fate.COMMIT)]
    assert ledger.outcomes[1].speculative_s == 1.0


def test_a_chain_predicts_the_call_after_next_on_the_arriving_result() -> None:
    ledger = simulate(
        spoken("user", "read:1", "read:2"), TopK(), latency=Constant(3.0, 1.0), options=Options({"think", "tool"})
    )
    assert starts(ledger) == [(Window.THINK, 0.0, Fate.COMMIT), (Window.TOOL, 1.0, Fate.COMMIT)]


def test_nothing_is_read_ahead_of_a_write_that_may_touch_it() -> None:
    ledger = simulate(
        spoken("user", "write:1", "read:1"), TopK(), latency=Constant(1.0, 4.0), options=Options({"think", "tool"})
    )
    assert starts(ledger) == [(Window.THINK, 5.0, Fate.COMMIT)]  # after the write has ended


def test_a_carried_result_commits_later_within_its_time_to_live() -> None:
    rows = [("t", ["note"], [("read:1", 0.9)]), ("t", ["note"], []), ("t", ["read:1"], [])]
    kept = simulate(table(*rows), TopK(), latency=Constant(1.0, 1.0), options=Options(carry_ttl_s=10.0))
    assert [(each.index, each.committed_at, each.fate) for each in kept.speculations] == [(0, 2, Fate.COMMIT)]
    gone = simulate(table(*rows), TopK(), latency=Constant(1.0, 1.0), options=Options(carry_ttl_s=2.0))
    assert [(each.fate, each.squashed_s) for each in gone.speculations] == [(Fate.SQUASH, 3.0)]


def test_run_ahead_takes_the_tools_time_for_a_hit_step() -> None:
    table = spoken("user", "read:1", "read:2", "read:3", "reply")
    ledger = simulate(table, TopK(), latency=Constant(2.0, 1.0), options=Options(run_ahead=RunAhead()))
    assert [row.speculative_s for row in ledger.outcomes] == [2.0, 1.0, 1.0, 1.0]
    assert [(row.index, row.depth, row.fate) for row in ledger.aheads] == [
        (1, 1, "commit"),
        (2, 1, "commit"),
        (3, 1, "commit"),
    ]
    fast = simulate(table, TopK(), latency=Constant(2.0, 0.5), options=Options(run_ahead=RunAhead(depth=3)))
    assert [row.speculative_s for row in fast.outcomes] == [2.0, 0.5, 0.5, 0.5]
    assert max(row.depth for row in fast.aheads) == 3


def test_a_run_ahead_budget_ends_it() -> None:
    rows = [("t", ["note"], [("read:1", 0.9)]) for _ in range(6)]
    options = Options(run_ahead=RunAhead(budget_tok=50.0, tok_per_s=30.0))
    ledger = simulate(table(*rows), TopK(), latency=Constant(2.0, 1.0), options=options)
    assert [row.used_tok for row in ledger.aheads] == [30.0, 30.0]


def test_text_beside_a_call_means_that_the_run_ahead_was_on_another_conversation() -> None:
    messages = (
        Message("user", "go"), Message("assistant", "Let me see.", (ToolCall("read", {"x": 1}),)),
        Message("tool", "result", (), None, "read"), Message("assistant", "done"),
    )  # fmt: skip
    table = predict_traces(make_predictor("oracle").fit([]), [Trace("t", "t", "hand", messages, TOOLS)])
    ledger = simulate(table, TopK(), latency=Constant(2.0, 1.0), options=Options(run_ahead=RunAhead()))
    assert [row.fate for row in ledger.aheads] == [Fate.SQUASH]


def test_slots_are_shared_and_real_calls_come_first() -> None:
    rows = [(name, ["note"], [("read:1", 0.9)]) for name in ("a", "b")]
    ledger = simulate(table(*rows), TopK(), latency=Constant(2.0, 3.0), options=Options(tool_slots=1), sessions=2)
    assert [row.reason for row in ledger.outcomes].count("no slot is free (1 run)") == 1
    assert sorted(row.speculative_s for row in ledger.outcomes) == [5.0, 8.0]  # one waits for the other's real call
    assert ledger.speculations[0].squashed_s == 2.0


def test_llm_slots_make_sessions_wait() -> None:
    rows = [(name, [], []) for name in ("a", "b", "c")]
    ledger = simulate(table(*rows), Never(), latency=Constant(2.0, 1.0), options=Options(llm_slots=1), sessions=3)
    assert sorted(row.speculative_s for row in ledger.outcomes) == [2.0, 4.0, 6.0]


def test_rate_limits_hold_across_the_sessions() -> None:
    rows = [(f"t{n}", ["read:1"], [("read:1", 0.9)]) for n in range(8)]
    options = Options(limits={"read": Limit(per_s=0.5, burst=5.0)})
    ledger = simulate(table(*rows), TopK(), latency=Constant(1.0, 0.5), options=options, sessions=8)
    assert len(ledger.speculations) == 1  # a fifth of the burst
    assert sum("rate limit of read" in row.reason for row in ledger.outcomes) == 7


@pytest.mark.parametrize("wrong", [{"sessions": 0}, {"predict_s": -1.0}, {"options": Options({"user"})}])
def test_wrong_settings_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"sessions is|predict_s is|predict_traces\(..., ahead=True\)"):
        simulate(table(("t", [], [])), TopK(), **wrong)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(think=st.floats(0.1, 5), tool=st.floats(0, 8), predict_s=st.floats(0, 0.05), p=st.sampled_from([0.0, 0.5]))
def test_the_formulas_of_the_field_are_what_the_simulator_measures(
    think: float, tool: float, predict_s: float, p: float
) -> None:
    """Where a formula's assumptions hold, it is exact."""
    traces = make_traces(8)
    for name in ("oracle", "frequent"):
        found = predict_traces(make_predictor(name).fit(traces), traces)
        metrics = SpeculationMetrics.of(
            simulate(found, Threshold(p), latency=Constant(think, tool), predict_s=predict_s)
        )
        share = overlap_saved_share(
            think, tool, hits=metrics.hits, calls=metrics.calls, points=metrics.points, predict_s=predict_s
        )
        assert metrics.saved_share == pytest.approx(share, abs=1e-9)
    one = table(*[("t", ["read:1"], [("read:1", 0.9)])] * 5)
    speed = SpeculationMetrics.of(simulate(one, TopK(), latency=Constant(think, tool), predict_s=predict_s))
    assert speed.sequential_s / speed.speculative_s == pytest.approx(client_speed_up(think, tool, 1.0, predict_s))


def test_run_ahead_reaches_its_bound_when_everything_is_right() -> None:
    table = spoken("user", *(f"read:{n}" for n in range(100)), "reply")
    options = Options(run_ahead=RunAhead(depth=9))
    metrics = SpeculationMetrics.of(simulate(table, TopK(), latency=Constant(2.0, 0.5), options=options))
    bound = run_ahead_saved_share(2.0, 0.5, hits=metrics.hits, calls=metrics.calls, points=metrics.points)
    assert metrics.saved_share == pytest.approx(bound, abs=1e-9)
