"""The sample data: deterministic, honest about its results, diverse, neither trivial nor random."""

import hashlib
import json
import math
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect
from specbench.desk.people.conversations import desk_of, generate
from specbench.desk.people.habits import HABITS
from specbench.desk.people.skills import SKILLS
from specbench.desk.phrases.books import read_book
from specbench.desk.phrases.grammar import expansions
from specbench.desk.world.desk import DeskError
from specbench.desk.world.specs import argument_problem
from specbench.traces.collection import SAMPLE_SOURCE
from specbench.traces.schema import encode_trace
from specbench.traces.store import read_traces

SHIPPED = Path(__file__).parents[3] / "data" / "support_desk.jsonl"
CARD = SHIPPED.with_suffix(".md")


@pytest.fixture(scope="module")
def traces():
    return list(generate())


def users(traces):
    return [message.content for trace in traces for message in trace.messages if message.role == "user"]


def outcomes(trace):
    return [decision.outcome.name if decision.outcome else "reply" for decision in trace.decisions()]


def test_the_shipped_file_is_regenerated_byte_for_byte(traces):
    assert b"".join(map(encode_trace, traces)) == SHIPPED.read_bytes()


def test_the_shipped_file_is_small_labelled_and_readable(traces):
    assert SHIPPED.stat().st_size < 5_000_000
    assert list(read_traces(SHIPPED)) == traces
    assert len(traces) >= 480
    assert all(trace.source == SAMPLE_SOURCE and trace.metadata["synthetic"] is True for trace in traces)
    assert all(message.timing is None for trace in traces for message in trace.messages)


def test_neither_hash_order_nor_time_zone_nor_locale_matter():
    code = (
        "import hashlib\n"
        "from specbench.desk.people.conversations import generate\n"
        "from specbench.traces.schema import encode_trace\n"
        "print(hashlib.sha256(b''.join(map(encode_trace, generate(30)))).hexdigest())"
    )
    digests = set()
    for number in ("1", "2"):
        settings = {"PYTHONHASHSEED": number, "TZ": f"UTC{number}", "LC_ALL": "C"}
        run = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True, check=True
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_seeds_differ_and_a_prefix_does_not_depend_on_the_length(traces):
    assert list(generate(5)) == traces[:5]
    assert list(generate(5, seed=8)) != traces[:5]
    assert len(list(generate(3))) == 3 and list(generate(0)) == []


def test_more_conversations_than_customers_begin_a_new_desk():
    more = list(generate(484))
    assert len({trace.trace_id for trace in more}) == 484
    assert len({trace.metadata["desk_seed"] for trace in more}) == 2


def test_bad_arguments_are_refused_at_once():
    with pytest.raises(ConfigError, match="it must be 0 or more"):
        generate(-1)
    with pytest.raises(ConfigError, match="use 'seen' or 'unseen'"):
        generate(1, phrasings="both")


def test_each_task_has_two_trials_by_different_agents(traces):
    tasks = defaultdict(list)
    for trace in traces:
        tasks[trace.task_id].append(trace)
    for trials in tasks.values():
        assert len(trials) == 2 and trials[0].agent != trials[1].agent
        assert trials[0].metadata["goals"] == trials[1].metadata["goals"]
    assert {trace.agent for trace in traces} == set(HABITS)


def test_replaying_every_call_on_a_fresh_desk_gives_the_same_results(traces):
    for trace in traces[::5]:
        with desk_of(trace.metadata["desk_seed"]) as desk:
            calls = {call.id: call for message in trace.messages for call in message.tool_calls}
            for message in trace.messages:
                if message.role == "tool":
                    call = calls[message.tool_call_id]
                    try:
                        content = json.dumps(desk.call(call.name, call.arguments), separators=(",", ":"))
                    except DeskError as error:
                        content = f"Error: {error}"
                    assert (content, content.startswith("Error: ")) == (message.content, message.error)


def test_every_call_fits_its_schema_and_has_its_result(traces):
    for trace in traces:
        expected = []
        for message in trace.messages:
            if message.role == "tool":
                assert (message.tool_call_id, message.name) == expected.pop(0)
                continue
            assert expected == []
            for call in message.tool_calls:
                assert argument_problem(trace.tools[call.name], call.arguments) is None
                expected.append((call.id, call.name))
        assert expected == []


def test_values_of_calls_come_from_the_conversation(traces):
    """Ids in calls were said or read before; only a slip of the agent's is not, and it fails."""
    for trace in traces:
        told = ""
        failed = {message.tool_call_id for message in trace.messages if message.error}
        for message in trace.messages:
            for call in message.tool_calls:
                for key in ("order_id", "user_id", "product_id", "tracking_number", "email", "zip", "first_name"):
                    value = str(call.arguments.get(key, "")).lower()
                    assert value in told or call.id in failed
            told += message.content.lower()


def test_amounts_dates_and_ids_that_the_agent_tells_were_read_or_said(traces):
    for trace in traces:
        told = trace.messages[0].content
        for message in trace.messages:
            if message.role == "assistant" and not message.tool_calls:
                for token in re.findall(r"\b[DTP]\d{4,5}\b", message.content):
                    assert token.lower() in told.lower()
            if message.role != "assistant":
                told += message.content


def test_texts_are_clean(traces):
    for trace in traces:
        for message in trace.messages[1:]:
            if message.role != "tool":
                assert not re.search(r"[{}\[\]|]|  | [,.?!]|[,.?]\.$|\bNone\b", message.content), message.content
                assert message.content or message.tool_calls


def test_unseen_phrasings_share_no_paraphrase_and_no_trace_text():
    customer, held_out = read_book("customer"), read_book("held_out")
    assert set(held_out) == set(customer)
    for act in customer:
        assert not set(customer[act]) & set(held_out[act])
    seen, unseen = (set(users(generate(60, phrasings=which))) for which in ("seen", "unseen"))
    assert not seen & unseen


def test_paraphrases_are_many(traces):
    assert all(len(lines) >= 8 for lines in read_book("customer").values())
    assert all(sum(map(expansions, lines)) >= 8 for lines in read_book("agent").values())
    texts = users(traces)
    assert len(set(texts)) / len(texts) > 0.5


def test_every_skill_tool_and_behaviour_occurs(traces):
    assert {kind for trace in traces for kind in trace.metadata["goals"].split()} == set(SKILLS)
    counts = Counter(call.name for trace in traces for message in trace.messages for call in message.tool_calls)
    assert set(counts) == set(traces[0].tools)
    texts = " ".join(message.content for trace in traces for message in trace.messages)
    for words in (
        "Error: order not found",
        "Error: customer not found",
        "you the wrong number",
        "I changed my mind",
        "Where's my stuff?",
        "are you a bot",
        "Please be quick",
        "zip code",
        "One moment",
    ):
        assert words in texts
    assert 5 <= sum(trace.metadata["left"] for trace in traces) <= 60
    parallel = sum(len(d.calls) > 1 for trace in traces for d in trace.decisions())
    called = sum(bool(d.calls) for trace in traces for d in trace.decisions())
    assert 0.005 < parallel / called < 0.06


def entropy(sequences, order):
    """Bits of the next outcome given the ``order`` outcomes before it."""
    after = defaultdict(Counter)
    for sequence in sequences:
        padded = ["start"] * order + sequence
        for index in range(order, len(padded)):
            after[tuple(padded[index - order : index])][padded[index]] += 1
    total = sum(sum(counts.values()) for counts in after.values())
    bits = (n * math.log2(sum(counts.values()) / n) for counts in after.values() for n in counts.values())
    return sum(bits) / total


def test_the_next_outcome_is_neither_certain_nor_random_and_the_card_tells_it(traces):
    sequences = [outcomes(trace) for trace in traces]
    card = CARD.read_text(encoding="utf-8")
    measured = [entropy(sequences, order) for order in range(4)]
    assert 2.5 < measured[0] < 3.5 and 1.2 < measured[3] < 2.0
    for order, bits in enumerate(measured):
        assert re.search(rf"order {order}: {bits:.2f} bits", card)
    decisions = sum(map(len, sequences))
    called = sum(outcome != "reply" for sequence in sequences for outcome in sequence)
    assert 0.45 < called / decisions < 0.60
    calls = [call.name for trace in traces for message in trace.messages for call in message.tool_calls]
    read = sum(traces[0].effect(name) is Effect.READ for name in calls) / len(calls)
    assert 0.65 < read < 0.81
    for number in (decisions, called, len(calls)):
        assert f"{number:,}" in card


def test_a_markov_chain_is_right_about_half_the_time(traces):
    """Order 1 on the previous tool, trained on four tasks of five, tool top-1 given a call."""
    after = defaultdict(Counter)
    hits = total = 0
    for held_out in (False, True):
        for trace in traces:
            if (int(trace.task_id[-4:]) % 5 == 0) is not held_out:
                continue
            tools = [outcome for outcome in outcomes(trace) if outcome != "reply"]
            for before, tool in zip(["start", *tools], tools, strict=False):
                if held_out:
                    total += 1
                    hits += after[before].most_common(1)[0][0] == tool
                else:
                    after[before][tool] += 1
    assert 0.42 < hits / total < 0.65
    assert f"{hits / total:.2f}" in CARD.read_text(encoding="utf-8")


def test_the_card_names_the_files_digest():
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() in CARD.read_text(encoding="utf-8")


def test_the_command_writes_the_same_bytes(tmp_path, traces):
    from typer.testing import CliRunner

    from specbench.cli import app

    out = tmp_path / "desk.jsonl"
    done = CliRunner().invoke(app, ["desk", "generate", "--out", str(out), "--conversations", "6"])
    assert done.exit_code == 0 and "6 synthetic traces written" in done.output
    assert out.read_bytes() == b"".join(map(encode_trace, traces[:6]))
