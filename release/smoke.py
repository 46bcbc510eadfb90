"""One real use of what each extra brings, in an environment that holds nothing else: ``python release/smoke.py study``.

Run by ``release/environments.py`` in an environment of its own for each extra.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import specbench as sb
from specbench.core.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINT = ROOT / "models" / "support-desk"
SPEC = sb.ToolSpec(
    "find_customer_by_email",
    effect=sb.Effect.READ,
    parameters={"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]},
)
CALL = sb.ToolCall("find_customer_by_email", {"email": "ann.lee@example.com"})
ASKED = "Where is my parcel? My email is ann.lee@example.com."


async def find_customer_by_email(email: str) -> str:
    """Find a customer."""
    return f"C7 {email}"


async def _think(point: sb.DecisionPoint) -> str | sb.ToolCall:
    await asyncio.sleep(0.2)
    return "It was sent." if point.messages[-1].role == "tool" else CALL


def base() -> None:
    """A checkpoint guesses the call, and the executor makes it ahead."""

    async def talk() -> None:
        async with sb.Executor([sb.Tool(SPEC, find_customer_by_email)], sb.load(CHECKPOINT)) as executor:
            turn = await executor.conversation("c1").user(ASKED, _think)
        assert turn.text == "It was sent."
        assert executor.outcomes[0].hit

    asyncio.run(talk())


def study() -> None:
    """Predictors are compared on traces, and a report is written."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--predictors", "markov,ngram", "--out", f"{folder}/it"]
        _specbench("study", "--traces", str(ROOT / "data" / "support_desk.jsonl"), *words)
        assert (Path(folder) / "it" / "report.html").stat().st_size > 10_000


def llm() -> None:
    """The shipped micro-Llama writes."""
    profile = _specbench("profile-llm", "--lengths", "32,64", "--batches", "1", "--out", "-")
    assert json.loads(profile)


def agent() -> None:
    """A LangChain agent whose call was made ahead."""
    from langchain.agents import create_agent
    from langchain_core.tools import tool

    from specbench.integrations import BackendChatModel, SpeculationMiddleware
    from specbench.integrations.langchain.middleware import tools_of
    from specbench.llm.backends.scripted import ScriptedBackend

    async def talk() -> None:
        tools = [tool(find_customer_by_email)]
        executor = sb.Executor(tools_of(tools, {SPEC.name: "read"}), sb.load(CHECKPOINT))
        said = ScriptedBackend([sb.Message("assistant", "", (CALL,)), "It was sent."], prefill_s=0.2)
        runs = create_agent(BackendChatModel(backend=said), tools, middleware=[SpeculationMiddleware(executor)])
        async with executor:
            state = await runs.ainvoke({"messages": [("user", ASKED)]})
        assert state["messages"][-1].text == "It was sent."
        assert executor.outcomes[0].hit

    asyncio.run(talk())


def lab() -> None:
    """The widgets show themselves."""
    from specbench.playground import Playground

    Playground(sb.Workbench(most=12)).close()


def mcp() -> None:
    """The proxy answers a client's first request."""
    server = (
        "import sys, json\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    print(json.dumps({'jsonrpc': '2.0', 'id': asked['id'], 'result': {}}), flush=True)\n"
    )
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        words = ["mcp-proxy", "--record-only", "--record", folder, "--", sys.executable, "-c", server]
        said = _specbench(*words, say=ping)
    assert json.loads(said)["id"] == 1


def frameworks() -> None:
    """Both wrappers take a tool of their framework."""
    from agents import Agent, function_tool
    from pydantic_ai import Agent as PydanticAgent
    from pydantic_ai.models.test import TestModel

    from specbench.integrations.openai_agents.agent import speculative
    from specbench.integrations.pydantic_ai.capability import Speculation

    os.environ.setdefault("OPENAI_API_KEY", "none")  # its client wants one before anything is sent
    executor = sb.Executor([sb.Tool(SPEC, find_customer_by_email)], sb.load(CHECKPOINT))
    assert speculative(Agent("desk", tools=[function_tool(find_customer_by_email)]), executor)
    assert PydanticAgent(TestModel(), tools=[find_customer_by_email], capabilities=[Speculation(executor)])


def dask() -> None:
    """A cluster of two processes fits predictors."""
    traces = sb.sample(tasks=20)
    train, test = traces.split(test=0.25, seed=0)
    with sb.cluster("local:2") as cluster:
        assert sb.evaluate(["markov", "ngram"], train, test, cluster=cluster)["markov"]


def docs() -> None:
    """The site is built without a warning."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder]
        subprocess.run([sys.executable, *words], check=True, cwd=ROOT)
        assert (Path(folder) / "index.html").exists()


def onnx() -> None:
    """The shipped checkpoint's networks are written as graphs that run."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        _specbench("export", "--checkpoint", str(CHECKPOINT), "--format", "onnx", "--out", f"{folder}/it")
        for graph in (Path(folder) / "it").glob("*.onnx"):
            onnxruntime.InferenceSession(graph)


def dev() -> None:
    """The tests of the core pass."""
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "tests/core"], check=True, cwd=ROOT)


def _specbench(*words: str, say: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "specbench", *words], input=say, text=True, stdout=subprocess.PIPE, check=True
    )
    return done.stdout


if __name__ == "__main__":
    name = sys.argv[1]
    missing = [module for module in EXTRAS.get(name, ()) if find_spec(module) is None]
    if missing:
        sys.exit(f"the extra {name} has not brought {', '.join(missing)}")
    {each.__name__: each for each in (base, study, llm, agent, lab, mcp, frameworks, dask, docs, onnx, dev)}[name]()
    print(f"{name}: works")
