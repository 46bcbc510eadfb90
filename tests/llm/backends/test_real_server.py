"""The HTTP backend against a real server on loopback: ``transformers serve`` with the micro-Llama."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from functools import partial

import anyio
import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.backends.transformers_local import TransformersBackend
from specbench.llm.base import ArgumentDone, CallStarted, LLMError, Request
from specbench.llm.registry import micro_folder
from specbench.llm.server_profile import profile_server
from specbench.sim import ByProfile

pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def server():
    """The address of a server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(micro_folder())]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            assert process.poll() is None, "the server ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def test_it_streams_the_same_call_that_the_model_writes_here(server, micro, ask):
    async def run():
        backend = OpenAIBackend(str(micro_folder()), base_url=server)
        async with backend.stream(ask) as events:
            found = [event async for event in events]
        await backend.aclose()
        return found

    events = anyio.run(run)
    end = events[-1]
    here = anyio.run(TransformersBackend(micro).complete, Request(ask.messages, ask.tools))
    assert end.message() == here.message() and end.calls
    assert end.usage.prompt_tok == here.usage.prompt_tok
    assert any(isinstance(event, CallStarted) for event in events)
    assert any(isinstance(event, ArgumentDone) and event.tok < end.usage.completion_tok for event in events)


def test_it_is_profiled_from_outside(server, tmp_path):
    out = tmp_path / "profile.json"
    named = f"openai:{micro_folder()}@{server}"
    command = ["profile-llm", "--llm", named, "--lengths", "60,160", "--batches", "2", "--quiet", "--out", str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    record = json.loads(out.read_text())
    assert [each["batch"] for each in record["samples"]] == [2, 2]
    short, long = (each["tok"] for each in record["samples"])
    assert short < long == pytest.approx(160, abs=60)
    profile = ByProfile.from_argument(f"{out},1")
    assert profile.profile.think_s(200, 20) > 0 and "measured from outside" in record["device"]


def test_a_server_that_cannot_be_profiled_says_why():
    with pytest.raises(ConfigError, match="two prompt lengths or more"):
        anyio.run(partial(profile_server, ScriptedBackend(["one"]), lengths=(64,)))
    with pytest.raises(LLMError, match="cannot be told"):
        anyio.run(partial(profile_server, ScriptedBackend(lambda request: "one"), lengths=(64, 128)))
