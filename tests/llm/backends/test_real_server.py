"""The HTTP backend against a real server on loopback: ``transformers serve`` with the micro-Llama."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import anyio
import pytest

from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.backends.transformers_local import TransformersBackend
from specbench.llm.base import ArgumentDone, CallStarted, Request
from specbench.llm.registry import micro_folder

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
