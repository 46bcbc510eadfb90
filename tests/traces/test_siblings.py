"""Copies and repeats of a task fall into one part of a split, whatever their ids are."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from specbench.core.types import Message, ToolCall, Trace
from specbench.study.leaks import (
    KEPT,
    by_group,
    content_hashes,
    known_share,
    trained_on,
    without_foretelling_lists,
)
from specbench.testing import make_traces
from specbench.traces.siblings import task_groups
from specbench.traces.sources.records import derived_task
from specbench.traces.splitting import split

WORDS = ["please", "look", "order", "parcel", "late", "broken", "green", "chair", "lamp", "again", "refund", "today"]


def said(generator: random.Random, words: int = 60) -> str:
    return " ".join(generator.choice(WORDS) for _ in range(words))


def talk(seed: int, *, number: int | None = None, name: str = "Ann", task: str | None = None) -> Trace:
    generator = random.Random(seed)
    number = seed if number is None else number
    call = ToolCall("get", {"order": f"W{number:05d}", "day": f"2026-{number % 12:02d}-{number % 28:02d}"})
    messages = (
        Message("user", f"{name} here, {said(generator)}, order W{number:05d}"),
        Message("assistant", said(generator), (call,)),
    )
    return Trace(f"t{seed}-{number}-{name}", task or f"task {seed}", "doc", messages)


def test_copies_with_other_ids_names_and_white_space_are_one_group() -> None:
    traces = [talk(seed) for seed in range(40)]
    copies = [
        replace(
            each, task_id=f"copy {at}", messages=tuple(replace(m, content=f"  {m.content}\n") for m in each.messages)
        )
        for at, each in enumerate(talk(seed, number=900 + seed, name="Zoe") for seed in range(20))
    ]
    labels = task_groups(traces + copies)
    assert labels[:40] == [f"task {seed}" for seed in range(40)]
    assert labels[40:] == [f"task {seed}" for seed in range(20)]
    for seed in range(5):
        parts = split(traces + copies, seed=seed)
        for part in (parts.train, parts.validation, parts.test):
            kept = {trace.task_id for trace in part}
            assert {f"task {at}" in kept for at in range(20) if f"copy {at}" in kept} <= {True}
            assert {f"copy {at}" in kept for at in range(20) if f"task {at}" in kept} <= {True}


def test_an_agent_that_does_the_same_every_day_can_be_split() -> None:
    """All conversations are one but for their ids: that is how this agent is, and what is tested is the next id."""
    traces = [talk(1, number=number, task=f"task {number}") for number in range(50)]
    assert len(set(task_groups(traces))) == 50
    assert len(split(traces).test) == 13


def test_exact_copies_are_found_there_too() -> None:
    traces = [talk(1, number=number, task=f"task {number}") for number in range(50)]
    copies = [replace(each, task_id=f"copy of {each.task_id}") for each in traces]
    assert task_groups(traces + copies) == 2 * [f"task {number}" for number in range(50)]


def test_repeats_of_a_task_without_ids_look_up_the_same_things() -> None:
    generator = random.Random(0)
    traces = []
    for task in range(30):
        for _ in range(3):  # other words, the same order and day
            each = talk(generator.randrange(10**6), number=task)
            traces.append(replace(each, task_id=derived_task(each.messages)))
    labels = task_groups(traces)
    groups = Counter(labels)
    assert len(groups) == 30 and set(groups.values()) == {3}
    grouped, said = by_group(traces)
    assert said[0].startswith("90 task ids of 90 were derived from the first user message")
    assert said[1].startswith("90 task ids are 30 tasks")
    assert [trace.task_id for trace in grouped] == labels


def test_short_talk_is_no_copy() -> None:
    hello = (Message("user", "hello"), Message("assistant", "hi"))
    assert task_groups([Trace(name, name, "doc", hello) for name in "abc"]) == ["a", "b", "c"]


def test_content_is_compared_not_files_and_ids() -> None:
    traces = make_traces(12)
    hashes = content_hashes(traces[:6])
    renamed = [replace(each, trace_id=f"x{at}", task_id=f"y{at}") for at, each in enumerate(traces)]
    assert known_share(hashes, renamed) == known_share(hashes, traces) == 0.5
    assert trained_on({"conversations": {"hashes": hashes}}, renamed[6:]) == 0.0
    assert trained_on({}, renamed) is None
    assert trained_on({"conversations": {"hashes": [3, None]}}, renamed) == 0.0


def test_a_sample_of_the_hashes_tells_the_share() -> None:
    traces = [talk(seed) for seed in range(2 * KEPT)]
    half = content_hashes(traces[: KEPT + KEPT // 2])
    assert known_share(half[:KEPT], traces) == pytest.approx(0.75, abs=0.05)


def lists_of(traces: list[Trace], *, only_called: bool) -> list[Trace]:
    out = []
    for trace in traces:
        names = {call.name for message in trace.messages for call in message.tool_calls}
        out.append(replace(trace, tools={n: s for n, s in trace.tools.items() if not only_called or n in names}))
    return out


def test_lists_that_tell_the_future_are_replaced_and_said() -> None:
    traces = [each for each in make_traces(40) if any(message.tool_calls for message in each.messages)]
    for at in range(0, len(traces), 3):  # some look up only one thing
        first = next(i for i, message in enumerate(traces[at].messages) if message.tool_calls)
        traces[at] = replace(traces[at], messages=traces[at].messages[: first + 1])
    whole, warnings = without_foretelling_lists(lists_of(traces, only_called=True))
    assert "tells the future" in warnings[0] and "each was replaced" in warnings[0]
    union = {name for trace in lists_of(traces, only_called=True) for name in trace.tools}
    assert all(set(trace.tools) == union for trace in whole)
    assert without_foretelling_lists(lists_of(traces, only_called=False)) == (lists_of(traces, only_called=False), [])
