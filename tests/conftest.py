"""Fixtures and settings that every test has."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.traces.store import write_traces

if TYPE_CHECKING:
    from specbench.llm.base import Request
    from specbench.llm.local.loading import LoadedModel
    from specbench.study import StudyResult

# No test asks a model hub for anything. Read by huggingface_hub when it is imported.
os.environ["HF_HUB_OFFLINE"] = "1"
# Tests run side by side already: a training in one of them keeps to its core.
os.environ["LOKY_MAX_CPU_COUNT"] = "1"

# The same cases on every run, and no clock: the first case may import scikit-learn.
settings.register_profile("specbench", deadline=None, derandomize=True)
settings.load_profile("specbench")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real traces that may lie beside the project; the test is skipped where it does not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real traces at {folder}")
    return folder


def toy_trace(task: int, trial: int = 0, *, read: str = "get_order", words: str = "") -> Trace:
    """Return a conversation of a little shop: find the user, look at one or two orders, cancel one or none."""
    user, orders = f"user_{task}", [f"#W{task}{number}" for number in range(1 + task % 2)]
    tools = {
        "find_user": ToolSpec("find_user", effect=Effect.READ),
        read: ToolSpec(read, effect=Effect.READ),
        "cancel": ToolSpec("cancel", effect=Effect.WRITE),
    }
    messages = [Message("user", f"hi, I am {user}@mail.com {words}")]

    def call(tool: str, arguments: dict[str, Any], result: Any) -> None:
        name = f"call_{len(messages)}"
        messages.append(Message("assistant", tool_calls=(ToolCall(tool, arguments, id=name),)))
        messages.append(Message("tool", json.dumps(result), tool_call_id=name, name=tool))

    call("find_user", {"email": f"{user}@mail.com"}, {"user_id": user, "orders": orders})
    for order in orders:
        call(read, {"order_id": order}, {"order_id": order, "status": "pending"})
    messages += [Message("assistant", "Shall I cancel it?"), Message("user", "yes" if task % 3 else "no")]
    if task % 3:
        call("cancel", {"order_id": orders[-1]}, "cancelled")
    messages.append(Message("assistant", "Done."))
    return Trace(f"toy/{task}/{trial}", f"toy/{task}", "toy", tuple(messages), tools)


@pytest.fixture(scope="session")
def toy_traces() -> list[Trace]:
    """Forty conversations about twenty tasks."""
    return [toy_trace(task, trial) for task in range(20) for trial in range(2)]


@pytest.fixture(scope="session")
def make_toy_trace() -> Callable[..., Trace]:
    """The maker of one such conversation."""
    return toy_trace


@pytest.fixture(scope="session")
def toy_file(toy_traces: list[Trace], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forty conversations as a file."""
    path = tmp_path_factory.mktemp("toy") / "toy.jsonl"
    write_traces(path, toy_traces)
    return path


@pytest.fixture(scope="session")
def toy_study(toy_file: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """A study of the forty conversations with predictors that train at once; read it, change nothing in its folder."""
    from specbench.study import run_study

    out = tmp_path_factory.mktemp("runs") / "toy"
    return run_study(toy_file, out, predictors=("markov", "ngram", "frequent", "oracle"))


@pytest.fixture(scope="session")
def micro() -> LoadedModel:
    """The shipped micro-Llama, on the CPU, loaded once."""
    from specbench.llm.local.loading import load_model
    from specbench.llm.registry import micro_folder

    return load_model(micro_folder(), device="cpu")


@pytest.fixture(scope="session")
def talk() -> Trace:
    """A held-out conversation of the deterministic agent."""
    from specbench.desk.micro_llama.conversations import conversations

    return next(conversations(1, seed=5))


@pytest.fixture(scope="session")
def ask(talk: Trace) -> Request:
    """A request whose answer is recorded to be a call."""
    from specbench.llm.base import Request

    decision = next(each for each in talk.decisions() if each.calls)
    return Request(decision.point.messages, talk.tools)
