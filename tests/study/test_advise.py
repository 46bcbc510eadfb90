"""The adviser: one page whose sentences follow from its numbers, for any traces."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import specbench as sb
from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Message, Timing, ToolCall, ToolSpec, Trace
from specbench.metrics.worth import Answer, Worth
from specbench.report.page import percent
from specbench.study.advise import Advice, advise
from specbench.study.advise.answer import judge
from specbench.study.advise.costs import limit_from_text, price_from_text, tool_costs
from specbench.study.advise.findings import Findings
from specbench.study.advise.ways import net_difference
from specbench.study.operating_point import best_point
from specbench.testing import make_traces

runner = CliRunner()
ORDER = [
    "Where the time goes",
    "The most that can be saved",
    "What predictors reach on held-out tasks",
    "The operating point",
    "Saved turns, a what-if",
    "What stands in the way",
    "What to do next",
]


def undeclared(traces: list[Trace]) -> list[Trace]:
    """The same conversations without any declaration."""
    return [replace(trace, tools={}) for trace in traces]


def titles(advice: Advice) -> list[str]:
    return [part.title for part in advice.sections]


def section(advice: Advice, title: str) -> str:
    return next(" ".join(part.lines) for part in advice.sections if part.title.startswith(title))


@pytest.fixture(scope="module")
def good() -> Advice:
    """A shop whose agent looks things up, one after the other: speculation pays."""
    return advise(
        make_traces(100), minutes=0, prices={"get_order": 0.01}, limits=dict([limit_from_text("get_user=1/s")])
    )


def test_the_answer_comes_first_then_the_page_in_order(good: Advice) -> None:
    page = str(good)
    assert page.startswith("Worth it: with the ")
    places = [page.index(f"\n{title}\n") for title in ORDER]
    assert places == sorted(places)
    assert "(modelled seconds)" in good.judgement.sentence


def test_the_answer_is_that_of_the_worth_of_the_way_that_is_recommended(good: Advice) -> None:
    assert good.findings.measured is not None
    assert good.judgement.way is good.findings.measured.best_way
    assert good.answer is good.judgement.way.worth.answer is Answer.YES
    assert good.judgement.way.policy in section(good, "What to do next")


def test_no_way_saves_more_than_its_ceiling_on_the_same_tasks(good: Advice) -> None:
    measured = good.findings.measured
    assert measured is not None
    overlap = measured.ways[0].metrics
    assert 0 < (overlap.saved_share or 0.0) <= measured.test_ceilings["overlap"] + 1e-9
    found = {each.way: each.saved_share or 0.0 for each in good.findings.ceilings}
    assert found["overlap"] <= found["carried results"] + 1e-9
    assert found["overlap"] < found["run-ahead"]


def test_prices_and_limits_are_told_for_their_tools(good: Advice) -> None:
    point = section(good, "The operating point")
    assert "get_order at 0.01 a call: the extra calls cost " in point
    assert "get_user, 1 calls a second: on average enough for " in point


def shares(advice: Advice) -> list[tuple[float, float]]:
    """Saved and net shares of each way."""
    assert advice.findings.measured is not None
    return [(way.metrics.saved_share or 0.0, way.worth.net_share) for way in advice.findings.measured.ways]


def test_a_limit_on_a_write_alone_changes_nothing_in_what_is_saved() -> None:
    limited = advise(make_traces(40), minutes=0, limits=dict([limit_from_text("cancel_order=1/min")]))
    free = advise(make_traces(40), minutes=0)
    assert shares(limited) == shares(free)


def test_a_tight_limit_on_a_read_is_compared_with_an_agent_that_has_it_too() -> None:
    limited = advise(make_traces(40), minutes=0, limits=dict([limit_from_text("get_order=1/min")]))
    assert all(saved >= -0.01 and net >= -0.01 for saved, net in shares(limited))
    measured = limited.findings.measured
    assert measured is not None and measured.ways[0].waited_s > 0
    assert measured.ways[0].metrics.sequential_s > measured.ways[0].waited_s
    (cost,) = (each for each in measured.costs if each.limit_per_s)
    assert cost.agents_before is not None and cost.agents_after is not None
    assert 0 < cost.agents_after <= cost.agents_before < 1  # one agent alone asks for more than the limit


def test_a_price_or_a_limit_of_a_tool_that_no_trace_has_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"'get_ordr', which no trace has; is it 'get_order'\?"):
        advise(make_traces(4), minutes=0, prices={"get_ordr": 0.1})
    with pytest.raises(ConfigError, match="a rate limit is given for 'xyz', which no trace has; the tools are "):
        advise(make_traces(4), minutes=0, limits=dict([limit_from_text("xyz=1/s")]))


def test_without_a_tool_call_there_is_nothing_to_start() -> None:
    talk = (Message("user", "hello"), Message("assistant", "hi"))
    advice = advise([Trace(str(number), str(number), "doc", talk) for number in range(3)], minutes=0)
    assert advice.answer is Answer.NO
    assert "no tool call" in str(advice).splitlines()[0]
    assert "Do not bother" not in str(advice)


@pytest.mark.slow
def test_learned_is_tried_where_there_are_tasks_and_time() -> None:
    advice = advise(make_traces(32), minutes=5)
    measured = advice.findings.measured
    assert measured is not None
    assert [each.name for each in measured.candidates] == ["markov", "patterns", "learned"]
    assert measured.candidates[-1].trained_on == measured.candidates[-1].of


def test_without_time_learned_is_left_out_and_that_is_said(good: Advice) -> None:
    assert "`learned` was not fitted: the time (0 minutes) is over" in section(good, "What predictors reach")


def test_one_trace_cannot_tell_and_says_how_many_are_needed() -> None:
    advice = advise(make_traces(1), minutes=0)
    assert advice.answer is Answer.UNKNOWN
    assert "needs at least 2" in str(advice).splitlines()[0] + str(advice).splitlines()[1]
    assert "some 20 are needed" in section(advice, "What to do next")


def test_undeclared_effects_block_it_and_the_suggestions_are_a_what_if() -> None:
    advice = advise(undeclared(make_traces(60)), minutes=0)
    assert advice.answer is Answer.NO
    assert advice.judgement.way is None
    assert advice.judgement.if_confirmed is Answer.YES
    assert advice.judgement.sentence.startswith("Nothing may be speculated on yet: none of the ")
    assert "are confirmed: worth it: with the " in advice.judgement.sentence
    assert {each.saved_share for each in advice.findings.ceilings} == {0.0}
    assert advice.findings.what_if is not None
    assert {"get_order", "get_user", "find_user"} <= set(advice.findings.what_if.reads)
    assert "cancel_order" not in advice.findings.what_if.reads
    assert "traces effects" in section(advice, "What to do next")
    assert all("if the suggested" in title for title in titles(advice) if title.startswith(("What pred", "The oper")))


def test_suggestions_count_for_nothing_in_the_file_that_is_written(tmp_path: Path) -> None:
    advice = advise(undeclared(make_traces(16)), minutes=0)
    advice.save(tmp_path / "out")
    again = sb.read(write(undeclared(make_traces(4)), tmp_path), effects=tmp_path / "out" / "effects.json")
    assert all(spec.effect is Effect.UNKNOWN for spec in again.tools.values())
    assert not (tmp_path / "out" / "checkpoint").exists()


def test_where_perfect_foresight_is_worth_nothing_it_says_do_not_bother() -> None:
    fast = [timed(trace, think_s=4.0, tool_s=0.001) for trace in make_traces(24)]
    advice = advise(fast, minutes=0, least_gain=0.5)
    assert advice.answer is Answer.NO
    assert "even perfect foresight of every READ call" in advice.judgement.sentence
    assert "(measured seconds)" in advice.judgement.sentence
    assert "Fast tools" in section(advice, "What stands in the way")
    assert "tools take 0.0 % of the time" in section(advice, "Do not bother")


def test_a_no_does_not_send_the_reader_to_the_suggestions_that_it_counted_already() -> None:
    fast = [timed(trace, think_s=4.0, tool_s=0.001) for trace in undeclared(make_traces(24))]
    advice = advise(fast, minutes=0, least_gain=0.9)
    assert advice.judgement.final is Answer.NO
    assert "Do not bother (even if the suggestions are confirmed), because" in titles(advice)
    assert section(advice, "What to do next") == "Leave the agent as it is."


def test_a_no_to_run_ahead_needs_the_strongest_predictor_too() -> None:
    fast = [timed(trace, think_s=4.0, tool_s=0.001) for trace in make_traces(40)]
    advice = advise(fast, minutes=0)
    below = Worth(-0.01, -0.02, -0.005, 9, 9, 0.3)
    advice = Advice.of(with_worths(advice.findings, below, below, below), advice.data)
    assert advice.judgement.only_ahead and advice.answer is Answer.NO
    assert "it cannot be told whether it is worth it" in advice.judgement.reasons[1]
    assert advice.judgement.reasons[1].endswith("see --minutes.")
    point = next(part for part in advice.sections if part.title.startswith("The operating point"))
    assert [row[-1] for row in point.table[1:]] == ["no", "no", "cannot tell"]
    assert "Do not bother without run-ahead, because" in titles(advice)
    assert section(advice, "What to do next").startswith(
        "Leave the agent as it is, unless its executor can run the LLM ahead. Give it more time (--minutes)"
    )


def test_without_the_strongest_predictor_a_no_is_told_by_time_and_not_by_tasks(good: Advice) -> None:
    below = Worth(-0.01, -0.02, -0.005, 25, 25, 0.3)
    advice = Advice.of(with_worths(good.findings, below, below, below), good.data)
    assert advice.answer is Answer.UNKNOWN
    assert "Do not bother" not in str(advice)
    steps = section(advice, "What to do next")
    assert "Give it more time (--minutes)" in steps and "would tell it" not in steps


def test_run_ahead_brings_more_only_where_the_difference_within_each_task_says_so(good: Advice) -> None:
    measured = good.findings.measured
    assert measured is not None
    way = measured.tools_way
    same = replace(measured, ways=(*measured.ways[:2], replace(measured.ahead_way, ledger=way.ledger, worth=way.worth)))
    told = judge(replace(good.findings, measured=same)).reasons[1]
    net = percent(way.worth.net_share)
    assert told.startswith("Run-ahead would bring about the same")
    assert f"net of waste {net} and not {net}, a difference of 0.0 % (95 % interval 0.0 to 0.0 %)" in told
    oracle = sb.simulate("oracle", good.data.traces, "topk:1", options="carry_ttl_s=60; run_ahead=2").ledger
    plain = sb.simulate("oracle", good.data.traces, "topk:1").ledger
    apart = net_difference(replace(way, ledger=oracle), replace(way, ledger=plain), 1.0)
    assert apart is not None and apart[0] > 0


def test_measured_seconds_decide_and_their_coverage_is_told() -> None:
    slow = [
        timed(trace, think_s=2.0, tool_s=2.0) if number % 4 else trace for number, trace in enumerate(make_traces(40))
    ]
    advice = advise(slow, minutes=0)
    assert advice.findings.basis == "measured"
    assert "Seconds are measured" in section(advice, "Where the time goes")
    assert "have their own" in section(advice, "Where the time goes")


def test_a_waste_budget_holds_on_the_validation_tasks_and_must_be_a_share(good: Advice) -> None:
    measured = good.findings.measured
    assert measured is not None and measured.chosen.tuned is not None
    settings = good.findings.settings
    free, _ = best_point(measured.chosen.tuned, settings.latency, settings)
    strict, _ = best_point(measured.chosen.tuned, settings.latency, settings, waste=0.0)
    assert strict.p >= free.p
    wasted = sb.sim.sweep(measured.chosen.tuned.table, [strict.p], latency=settings.latency)["wasted_share"][0]
    assert wasted == 0.0 or not strict.gained
    with pytest.raises(ConfigError, match="the waste budget is wasted ÷ sequential seconds, 0 or more; got -1"):
        advise(make_traces(8), minutes=0, waste_budget=-1)


def test_free_text_and_reasons_are_named_as_obstacles() -> None:
    advice = advise(searches(40), minutes=0)
    obstacles = {each.name: each for each in advice.findings.blockers}
    assert obstacles["free text"].share == 1.0
    assert "(search)" in obstacles["free text"].text
    assert obstacles["irrelevant parameters"].share == 1.0
    assert obstacles["one call"].share == 1.0


def test_the_folder_holds_the_page_the_numbers_and_a_checkpoint_that_loads(good: Advice, tmp_path: Path) -> None:
    folder = good.save(tmp_path / "advice")
    page = (folder / "advice.md").read_text("utf-8")
    assert page.startswith("# Does speculation pay here?\n\n**Worth it: ")
    assert f"sb.load('{folder}/checkpoint')" in page
    record = json.loads((folder / "advice.json").read_text("utf-8"))
    assert record["answer"] == "yes"
    assert record["held_out"]["ways"][0]["way"] == "overlap"
    predictor = sb.load(folder / "checkpoint")
    assert predictor.name == record["held_out"]["chosen"]
    good.save(folder)  # its own folder is replaced
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="was not made by `specbench advise`"):
        good.save(tmp_path / "mine")


def test_it_shows_itself_in_one_line_and_as_a_table(good: Advice) -> None:
    assert repr(good).startswith("<Advice: Worth it")
    assert len(repr(good)) < 200
    assert "What stands in the way" in good._repr_html_()


def test_texts_of_prices_and_limits_say_what_is_allowed() -> None:
    for text in ("search", "search=cheap", "=1", "search=-1", "search=nan"):
        with pytest.raises(ConfigError, match="write TOOL=PRICE"):
            price_from_text(text)
    for text in ("search", "search=5", "search=5/year", "search=0/s", "=5/s"):
        with pytest.raises(ConfigError, match="write TOOL=CALLS/PERIOD with a period of s, min, h, day"):
            limit_from_text(text)


def test_costs_count_what_nobody_used() -> None:
    run = sb.simulate("wrong", make_traces(10), "always")
    (cost,) = tool_costs(run.ledger, {"find_user": 0.5}, {})
    assert cost.extra == run.metrics.launched
    assert cost.extra_per_1000 == 1000 * cost.extra / 10
    assert cost.cost_per_1000 == 0.5 * cost.extra_per_1000


def test_the_command_line_prints_the_page_and_writes_the_folder(tmp_path: Path) -> None:
    path = write(make_traces(40), tmp_path)
    given = ["advise", str(path), "--minutes", "0", "--quiet", "--price", "get_order=0.01", "--limit", "get_order=5/s"]
    result = runner.invoke(app, [*given, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0].startswith(("Worth it", "Not worth it", "Cannot tell"))
    assert (tmp_path / "out" / "effects.json").is_file()
    assert f"advice: {tmp_path / 'out' / 'advice.md'}" in result.stdout
    wrong = runner.invoke(app, [*given[:4], "--limit", "get_order:5"])
    assert wrong.exit_code == 2
    assert "write TOOL=CALLS/PERIOD" in wrong.stderr


@pytest.mark.parametrize("command", [["advise", "x.jsonl"], ["study", "--traces", "x.jsonl"]])
def test_a_folder_cannot_go_to_stdout(command: list[str]) -> None:
    result = runner.invoke(app, [*command, "--out", "-"])
    assert result.exit_code == 2
    assert "--out is -, but a folder of files is written" in result.stderr


def test_a_broken_file_is_told_as_by_every_command(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"messages": [{"role": "clown"}]}\n')
    result = runner.invoke(app, ["advise", str(tmp_path / "bad.jsonl")])
    assert result.exit_code == 2
    assert "error: " in result.stderr


def with_worths(found: Findings, *worths: Worth) -> Findings:
    """The same findings with other answers for the three ways."""
    assert found.measured is not None
    ways = tuple(replace(way, worth=worth) for way, worth in zip(found.measured.ways, worths, strict=True))
    return replace(found, measured=replace(found.measured, ways=ways))


def write(traces: list[Trace], folder: Path) -> Path:
    path = folder / "traces.jsonl"
    sb.write_traces(path, traces)
    return path


def timed(trace: Trace, *, think_s: float, tool_s: float) -> Trace:
    """The same conversation with recorded seconds."""
    now, messages = 0.0, []
    for message in trace.messages:
        seconds = {"assistant": think_s, "tool": tool_s}.get(message.role)
        if seconds is not None:
            message, now = replace(message, timing=Timing(now, now + seconds)), now + seconds
        messages.append(message)
    return replace(trace, messages=tuple(messages))


def searches(count: int) -> list[Trace]:
    """Conversations with one search each, in words that nobody has used before."""
    spec = ToolSpec("search", effect=Effect.READ)
    out = []
    for number in range(count):
        arguments = {"query": f"why does thing {number} break", "reason": f"the user wants to know about {number} now"}
        call = ToolCall("search", arguments, "c")
        messages = (
            Message("user", f"question {number}"), Message("assistant", "", (call,)),
            Message("tool", "found", name="search", tool_call_id="c"), Message("assistant", "so it is"),
        )  # fmt: skip
        out.append(Trace(f"t{number}", f"t{number}", "doc", messages, {"search": spec}))
    return out
