"""What was recorded is what is read: after a crash too, without secrets, from clients, tools and executors."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

import specbench as sb
from specbench.core.errors import ConfigError, TraceError
from specbench.core.types import Effect, Message, ToolCall, ToolSpec
from specbench.runtime import Executor
from specbench.testing import run_virtual
from specbench.traces.recorder import Recorder
from specbench.traces.redact import Redactor
from tests.runtime.agent import Recorder as Tools
from tests.runtime.agent import call, point, thinks

LOOK = ToolCall("look", {"x": 1}, "c1")
SECRET = "sk-abcdefghijklmnop123"


def test_what_a_loop_records_is_read_with_its_seconds(tmp_path: Path) -> None:
    spec = ToolSpec("look", "Looks.", {"properties": {"x": {"type": "integer"}}}, Effect.READ)
    with (
        Recorder(tmp_path) as recorder,
        recorder.talk("t", task_id="a", tools={"look": spec}, metadata={"n": 1}) as talk,
    ):
        talk.add(Message("user", "look at 1"))
        talk.add(Message("assistant", "", (LOOK,)), started_s=talk.now())
        talk.add(Message("tool", "seen", (), "c1", "look"), started_s=talk.now())
    (trace,) = sb.read(tmp_path)
    assert (trace.trace_id, trace.task_id, dict(trace.metadata)) == ("t", "a", {"n": 1})
    assert [message.role for message in trace.messages] == ["user", "assistant", "tool"]
    assert trace.messages[0].timing is None and trace.messages[2].timing is not None
    assert trace.tools["look"] == spec and trace.messages[1].tool_calls == (LOOK,)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o77 == 0  # for its owner alone
    assert sum('"tools"' in line for line in file.read_text("utf-8").splitlines()) == 1


def test_nothing_that_was_recorded_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    worker = [sys.executable, str(Path(__file__).with_name("killed.py")), str(tmp_path)]
    with subprocess.Popen(worker, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(200)]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    (trace,) = sb.read(tmp_path)
    assert len(trace.messages) >= told[-1] >= 400
    numbers = [message.tool_calls[0].arguments["number"] for message in trace.messages if message.tool_calls]
    assert numbers == list(range(len(numbers)))


def test_a_line_that_was_cut_off_is_left_out_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Recorder(tmp_path) as recorder, recorder.talk("t") as talk:
        talk.add(Message("user", "one"))
        talk.add(Message("user", "two"))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for cut in range(whole.index(b"\n") + 2, len(whole)):
        file.write_bytes(whole[:cut])
        caplog.clear()
        with caplog.at_level(logging.WARNING, "specbench.traces"):
            (trace,) = sb.read(file)
        complete = cut == len(whole) - 1  # the end of the line alone is missing
        assert [message.content for message in trace.messages] == ["one", "two"][: 1 + complete]
        assert ("cut off" in caplog.text) is not complete
    file.write_bytes(whole.replace(b'"part":1', b'"part":2'))
    with pytest.raises(TraceError, match=r"line 2, field part: part 1 of trace 't' is missing; got 2"):
        sb.read(file)


def test_secrets_are_not_written_and_pseudonyms_are_where_one_asks(tmp_path: Path) -> None:
    said = f"I am ann.lee@mail.com, my key is {SECRET}"
    told = Message("assistant", "", (ToolCall("login", {"password": "hunter2secret", "user_id": "u_1234"}),))
    for folder, redactor in (("keys", None), ("all", Redactor())):
        with Recorder(tmp_path / folder, redactor=redactor) as recorder, recorder.talk() as talk:
            talk.add(Message("user", said))
            talk.add(told)
    texts = {
        folder: "".join(file.read_text("utf-8") for file in (tmp_path / folder).iterdir()) for folder in ("keys", "all")
    }
    for text in texts.values():
        assert SECRET not in text and "hunter2secret" not in text
    assert "ann.lee@mail.com" in texts["keys"] and "u_1234" in texts["keys"]
    assert "ann.lee" not in texts["all"] and "u_1234" not in texts["all"]


def test_files_are_left_when_they_are_full_and_the_oldest_go(tmp_path: Path) -> None:
    with Recorder(tmp_path, max_bytes=1, max_files=3) as recorder:
        lasting = recorder.talk("lasting")
        for number in range(5):
            with recorder.talk(f"t{number}") as talk:
                talk.add(Message("user", "a"))
                talk.add(Message("user", "b"))  # a conversation stays in its file
        lasting.add(Message("user", "c"))
    assert [len(list(sb.read(file))) for file in tmp_path.iterdir()] == [1, 1, 1]
    assert {trace.trace_id for trace in sb.read(tmp_path)} == {"t3", "t4", "lasting"}
    with pytest.raises(ConfigError, match="max_bytes and max_files are counts above 0"):
        Recorder(tmp_path, max_bytes=0)


def test_recording_never_fails_the_agent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    broken = Recorder(tmp_path / "file")
    broken.talk().add(Message("user", "hi"))
    recorder = Recorder(tmp_path / "good")
    with recorder.talk("t") as talk:
        talk.add(Message("assistant", "", (ToolCall("f", {"when": {1, 2}}),)))  # no JSON: kept as text
    talk.add(Message("user", "too late"))
    recorder.close()
    assert (broken.errors, recorder.errors) == (1, 1) and "could not be recorded" in caplog.text
    (trace,) = sb.read(tmp_path / "good")
    assert trace.messages[0].tool_calls[0].invalid_arguments == "{'when': {1, 2}}"


FULL = """
import resource, signal, sys
from pathlib import Path
from specbench.core.types import Message
from specbench.traces.recorder import Recorder, files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
files.MOST_BEHIND = int(sys.argv[2])
recorder = Recorder(sys.argv[1])
talk, other = recorder.talk("t"), recorder.talk("other")
talk.add(Message("user", "1"))
(file,) = Path(sys.argv[1]).iterdir()
resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 20, most))  # a line is torn, the next one is not begun
for content in "23":
    talk.add(Message("user", content))
print(file.read_bytes().count(b"\\n"), file.read_bytes()[-1:] == b"\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (10**7, most))
other.add(Message("user", "hi"))
talk.add(Message("user", "4"))
talk.end()
recorder.close()
print(recorder.errors)
"""


@pytest.mark.parametrize(("behind", "kept", "errors"), [(10**6, "1234", 2), (100, "12", 3)])
def test_a_full_disk_leaves_whole_lines_and_gets_the_rest_later(
    behind: int, kept: str, errors: int, tmp_path: Path
) -> None:
    """What is too much to keep in memory is given up, so that the file holds a whole beginning of the conversation."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(behind)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "True", str(errors)]
    assert done.stderr.count("cannot be written, recording waits until it can") == 1
    traces = {trace.trace_id: "".join(message.content for message in trace.messages) for trace in sb.read(tmp_path)}
    assert traces == {"t": kept, "other": "hi"}


def chat(content: str | None = None, *calls: tuple[str, str, str]) -> dict[str, Any]:
    made = [{"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in calls]
    return {"role": "assistant", "content": content, **({"tool_calls": made} if made else {})}


TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}]
FIRST, SECOND = chat(None, ("c1", "look", '{"x": 1}'), ("c2", "look", '{"x": 2}')), chat("It is blue.")


class Answer(dict[str, Any]):
    """As the library's objects: they have ``model_dump``."""

    def model_dump(self) -> dict[str, Any]:
        return dict(self)


def client(create: Any) -> Any:
    return SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)), other="kept")


def agent(create: Any, look: Any) -> list[Any]:
    """A loop as people write it."""
    messages: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "look at 1 and 2"}]
    messages.append(create(model="m", messages=messages, tools=TOOLS)["choices"][0]["message"])
    results = {call["id"]: look(**json.loads(call["function"]["arguments"])) for call in FIRST["tool_calls"][::-1]}
    messages += [{"role": "tool", "tool_call_id": name, "content": results[name]} for name in ("c1", "c2")]
    messages.append(create(model="m", messages=messages, tools=TOOLS)["choices"][0]["message"])
    return messages


def assert_recorded(folder: Path) -> None:
    (trace,) = sb.read(folder)
    assert [message.role for message in trace.messages] in (
        ["system", "user", "assistant", "tool", "tool", "assistant"],
    )
    assert list(trace.tools) == ["look"] and trace.agent == "m"
    assert [call.id for call in trace.messages[2].tool_calls] == ["c1", "c2"]
    assert {message.tool_call_id: message.content for message in trace.messages if message.role == "tool"} == {
        "c1": "saw 1",
        "c2": "saw 2",
    }
    assert trace.messages[2].timing is not None and trace.messages[5].content == "It is blue."


@pytest.mark.parametrize("within", [True, False])
def test_a_client_and_a_tool_record_an_agent(tmp_path: Path, within: bool) -> None:
    answers = iter([FIRST, SECOND])
    with Recorder(tmp_path) as recorder:
        wrapped = recorder.openai(client(lambda **_: Answer(choices=[{"message": next(answers)}])))
        assert wrapped.other == "kept"

        @recorder.tool
        def look(x: int) -> str:
            return f"saw {x}"

        if within:
            with recorder.talk(agent="m"):
                agent(wrapped.chat.completions.create, look)
        else:
            agent(wrapped.chat.completions.create, look)
        assert recorder.errors == 0
    assert_recorded(tmp_path)
    (trace,) = sb.read(tmp_path)
    assert [message.timing is not None for message in trace.messages if message.role == "tool"] == [within, within]


def test_a_streaming_asynchronous_client_is_recorded(tmp_path: Path) -> None:
    def chunks(message: dict[str, Any]) -> Iterator[Answer]:
        for letter in message["content"] or "":
            yield Answer(choices=[{"delta": {"content": letter}}])
        for index, each in enumerate(message.get("tool_calls", ())):
            function = each["function"]
            yield Answer(
                choices=[{"delta": {"tool_calls": [{"index": index, "id": each["id"], "function": {"name": "look"}}]}}]
            )
            for letter in function["arguments"]:
                yield Answer(choices=[{"delta": {"tool_calls": [{"index": index, "function": {"arguments": letter}}]}}])

    async def stream(message: dict[str, Any]) -> AsyncIterator[Answer]:
        for chunk in chunks(message):
            yield chunk

    answers = iter([FIRST, SECOND])

    async def create(**_: Any) -> AsyncIterator[Answer]:
        return stream(next(answers))

    async def main(recorder: Recorder) -> None:
        wrapped = recorder.openai(client(create)).chat.completions.create
        messages: list[Any] = [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "look at 1 and 2"},
        ]
        seen = [chunk async for chunk in await wrapped(model="m", messages=messages, tools=TOOLS, stream=True)]
        assert len(seen) == len(list(chunks(FIRST)))
        messages += [FIRST, *({"role": "tool", "tool_call_id": f"c{x}", "content": f"saw {x}"} for x in (1, 2))]
        _ = [chunk async for chunk in await wrapped(model="m", messages=messages, tools=TOOLS, stream=True)]

    with Recorder(tmp_path) as recorder:
        asyncio.run(main(recorder))
        assert recorder.errors == 0
    assert_recorded(tmp_path)


def test_two_conversations_at_a_time_are_two_traces(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        create = recorder.openai(client(lambda **_: Answer(choices=[{"message": chat("yes")}]))).chat.completions.create
        one, two = [{"role": "user", "content": "one"}], [{"role": "user", "content": "two"}]
        for talk in (one, two, one, two):
            talk.append(create(model="m", messages=talk)["choices"][0]["message"])
            talk.append({"role": "user", "content": "more"})
    assert sorted(trace.messages[0].content for trace in sb.read(tmp_path)) == ["one", "two"]
    assert [len(trace.messages) for trace in sb.read(tmp_path)] == [4, 4]


def test_an_executor_records_its_conversations(tmp_path: Path) -> None:
    tools = Tools()

    async def main(recorder: Recorder) -> Any:
        async with Executor([tools.tool("get", 3.0)], recorder=recorder) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("get", x=1)), task_id="a")
            step = await executor.run_step(step.next_point(), thinks(1.0, text="done"))
            trace = executor.trace("t")
            edited = point(executor, Message("user", "something else"))
            await executor.run_step(edited, thinks(1.0, text="that too"))
            return trace

    with Recorder(tmp_path) as recorder:
        trace = run_virtual(lambda: main(recorder))
        assert recorder.errors == 0
    found = {each.trace_id: each for each in sb.read(tmp_path)}
    recorded = found.pop("t")
    assert (recorded.task_id, recorded.tools) == ("a", trace.tools)
    assert [(m.role, m.content, m.tool_calls, m.timing) for m in recorded.messages] == [
        (m.role, m.content, m.tool_calls, m.timing) for m in trace.messages
    ]
    (edited,) = found.values()
    assert (edited.metadata["continues"], edited.messages[0].content) == ("t", "something else")


def test_a_tool_outside_a_conversation_just_runs(tmp_path: Path) -> None:
    @Recorder.tool
    async def look(x: int) -> int:
        if x > 1:
            raise ValueError("too far")
        return x

    assert anyio.run(look, 1) == 1
    recorder = Recorder(tmp_path)

    async def main() -> None:
        with recorder.talk("t") as talk:
            talk.add(Message("assistant", "", (ToolCall("look", {"x": 2}, "c9"),)))
            with pytest.raises(ValueError, match="too far"):
                await look(x=2)

    anyio.run(main)
    (trace,) = sb.read(tmp_path)
    assert (trace.messages[1].error, trace.messages[1].tool_call_id) == (True, "c9")
    assert "too far" in trace.messages[1].content


def test_a_conversation_that_is_entered_again_is_another_one_of_the_same_task(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        for turn in range(2):
            with recorder.talk("t", task_id="a") as talk:
                talk.add(Message("user", f"turn {turn}"))
                talk.add(Message("assistant", "yes"))
    assert recorder.errors == 0
    assert [(trace.trace_id, trace.task_id) for trace in sb.read(tmp_path)] == [("t", "a"), ("t~2", "a")]


def test_tools_side_by_side_get_their_own_results_however_they_are_called(tmp_path: Path) -> None:
    @Recorder.tool
    async def look(x: int, y: int = 0) -> str:
        await asyncio.sleep(0.01 * (3 - x))
        return f"saw {x}"

    async def main() -> None:
        with Recorder(tmp_path) as recorder, recorder.talk("t") as talk:
            talk.add(Message("assistant", "", tuple(ToolCall("look", {"x": x}, f"c{x}") for x in range(3))))
            await asyncio.gather(*(look(x) for x in range(3)))

    asyncio.run(main())
    (trace,) = sb.read(tmp_path)
    results = {each.tool_call_id: each.content for each in trace.messages if each.role == "tool"}
    assert results == {f"c{x}": f"saw {x}" for x in range(3)}


def test_what_is_no_message_is_told_at_once(tmp_path: Path) -> None:
    recorder = sb.Recorder(tmp_path)
    with recorder.talk("c1") as talk, pytest.raises(ConfigError, match=r"is a specbench\.Message; got dict"):
        talk.add({"role": "user", "content": "hi"})  # type: ignore[arg-type]
    recorder.close()
