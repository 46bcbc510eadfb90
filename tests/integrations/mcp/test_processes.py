"""The proxy as a process: stdio and HTTP, real servers, sudden ends, and what is on the disk then."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.mcpserver import MCPServer
from typer.testing import CliRunner

import specbench as sb
from specbench.cli import app
from specbench.core.ledger import Ledger

ROOT = Path(__file__).resolve().parents[3]
PLAIN = [sys.executable, str(Path(__file__).with_name("plain_server.py"))]
PROXY = [sys.executable, "-m", "specbench", "mcp-proxy"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


class Talk:
    """A client that writes lines to a process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.number = 0

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its answer; ``None`` where the other side is gone."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def begin(self) -> None:
        """Shake hands and list the tools."""
        self.ask(
            "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "tester", "version": "1"}
        )
        self.ask("tools/list")

    def call(self, name: str = "look", **arguments: Any) -> Any:
        """Call a tool."""
        return self.ask("tools/call", name=name, arguments=arguments)


@contextmanager
def started(*options: str, server: list[str] = PLAIN) -> Iterator[Talk]:
    """Start a proxy in front of a server."""
    process = subprocess.Popen(
        [*PROXY, *options, "--", *server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )  # fmt: skip
    try:
        yield Talk(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def test_a_proxy_that_is_killed_has_lost_nothing_that_was_answered(tmp_path: Path) -> None:
    with started("--record-only", "--record", str(tmp_path)) as talk:
        talk.begin()
        for number in range(5):
            assert f"saw {number}" in talk.call(id=str(number))["result"]["content"][0]["text"]
        talk.process.send_signal(signal.SIGKILL)
        talk.process.wait()
    (trace,) = sb.read(tmp_path)
    assert [call.arguments["id"] for message in trace.messages for call in message.tool_calls] == list("01234")
    results = [message for message in trace.messages if message.role == "tool"]
    assert len(results) == 5 and all(message.timing is not None for message in results)
    assert "sk-abc" not in "".join(message.content for message in results)
    assert trace.agent == "tester" and trace.metadata["server"] == "plain_server.py"
    assert set(trace.tools) == {"look", "die", "environment"}


def test_a_folder_that_cannot_be_written_costs_the_record_and_not_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    process = subprocess.Popen(
        [*PROXY, "--record-only", "--record", str(tmp_path / "file" / "in"), "--", *PLAIN], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    )  # fmt: skip
    talk = Talk(process)
    talk.begin()
    for number in range(3):
        assert f"saw {number}" in talk.call(id=str(number))["result"]["content"][0]["text"]
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said.count(b"cannot be written, recording waits until it can") == 1 and b"Traceback" not in said


def test_a_server_that_dies_is_gone_for_the_client_too() -> None:
    with started() as talk:
        talk.begin()
        assert talk.call("die") is None
        assert talk.process.wait(10) == 3  # the server's own


@pytest.mark.parametrize(
    ("script", "code"), [("exit 7", 7), ("kill -9 $$", 137), ("cat > /dev/null; exit 5", 0), ("exec 1>&-; sleep 30", 0)]
)
def test_the_exit_code_is_the_servers_where_it_ended_by_itself(script: str, code: int) -> None:
    with started(server=["sh", "-c", script]) as talk:
        if script.startswith("cat"):
            talk.process.stdin.close()  # type: ignore[union-attr]
        assert talk.process.wait(20) == code


def test_the_server_gets_its_arguments_its_environment_and_its_folder(tmp_path: Path) -> None:
    entry = {
        "command": PLAIN[0],
        "args": [PLAIN[1], "--flag"],
        "env": {"SECRET": "${HOME:-none}"},
        "cwd": str(tmp_path),
    }
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"plain": entry, "other": {"url": "http://127.0.0.1:1"}}}))
    process = subprocess.Popen(
        [*PROXY, "--config", str(config), "--server", "plain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=ENVIRONMENT,
    )  # fmt: skip
    talk = Talk(process)
    talk.begin()
    seen = json.loads(talk.call("environment")["result"]["content"][0]["text"])
    process.stdin.close()  # type: ignore[union-attr]
    assert process.wait(10) == 0
    process.stdout.close()  # type: ignore[union-attr]
    assert seen == {"SECRET": os.environ.get("HOME", "none"), "cwd": str(tmp_path), "args": ["--flag"]}


def test_a_process_that_is_told_to_stop_writes_its_ledger_and_what_it_has_learned(tmp_path: Path) -> None:
    effects = tmp_path / "effects.json"
    effects.write_text('{"look": "read"}')
    ledger, state = tmp_path / "ledger.parquet", tmp_path / "state"
    options = [
        "--effects",
        str(effects),
        "--ledger",
        str(ledger),
        "--state",
        str(state),
        "--predictor",
        "markov+recent",
    ]
    for turn in range(2):
        with started(*options) as talk:
            talk.begin()
            time.sleep(0.3)
            for number in range(7):
                if turn and number == 5:
                    talk.process.send_signal(signal.SIGUSR1)
                talk.call(id="1", takes_s=0.05)
                time.sleep(0.15)
            if turn:
                talk.process.send_signal(signal.SIGTERM)
            else:
                talk.process.stdin.close()  # type: ignore[union-attr]
            talk.process.wait(20)
    whole = Ledger.from_parquet(ledger)
    assert len({row.trace_id for row in whole.outcomes}) == 2
    assert sum(row.hits for row in whole.outcomes) >= 6
    assert "guessing was switched off by a signal" in {row.reason for row in whole.outcomes}
    assert (state / "learned" / "tester" / "plain_server-py" / "predictor.json").exists()
    report = CliRunner().invoke(app, ["mcp-proxy", "report", str(ledger)]).output
    assert report.startswith("on: 2 sessions") and "look" in report


async def use_git(transport: Any, repository: Path) -> list[str]:
    """Work with a git server; returns what it said."""
    said = []
    async with Client(transport, mode="auto") as client:
        tools = await client.list_tools()
        assert "git_status" in {tool.name for tool in tools.tools}
        for number in range(4):
            for name, arguments in (("git_status", {}), ("git_log", {"max_count": 2}), ("git_diff_unstaged", {})):
                await anyio.sleep(0.05)
                result = await client.call_tool(name, {"repo_path": str(repository), **arguments})
                said.append(f"{name} {result.is_error} {result.content[0].text}")  # type: ignore[union-attr]
            (repository / "a").write_text(str(number))
            result = await client.call_tool("git_add", {"repo_path": str(repository), "files": ["a"]})
            said.append(f"git_add {result.is_error}")
    return said


def test_a_real_git_server_says_the_same_through_a_proxy_that_guesses(tmp_path: Path) -> None:
    git = str(Path(sys.executable).with_name("mcp-server-git"))
    ledger = tmp_path / "ledger.parquet"
    options = ["--trust-annotations", "--predictor", "patterns", "--policy", "threshold:0.3", "--ledger", str(ledger)]
    said = {}
    for kind in ("direct", "proxy"):
        repository = tmp_path / kind / "repository"
        repository.mkdir(parents=True)
        for command in (
            ["init", "-q"],
            [
                "-c",
                "user.email=a@example.com",
                "-c",
                "user.name=a",
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                "first",
                "--date",
                "2026-01-01T00:00:00",
            ],
        ):
            dates = {**os.environ, "GIT_COMMITTER_DATE": "2026-01-01T00:00:00"}
            subprocess.run(["git", "-C", str(repository), *command], check=True, env=dates)
        command = (
            [git, "-r", str(repository)] if kind == "direct" else [*PROXY, *options, "--", git, "-r", str(repository)]
        )
        parameters = StdioServerParameters(command=command[0], args=command[1:], env={"PYTHONPATH": str(ROOT)})
        said[kind] = anyio.run(use_git, stdio_client(parameters), repository)
    assert said["proxy"] == said["direct"]
    assert sum(row.calls for row in Ledger.from_parquet(ledger).outcomes) >= 12


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def http_server() -> AsyncIterator[str]:
    """Serve a small server over streamable HTTP."""
    server, port = MCPServer("remote"), free_port()

    @server.tool()
    async def look(id: str) -> str:
        await anyio.sleep(0.05)
        return f"saw {id}"

    @server.tool()
    async def big(size: int) -> str:
        return "x" * size

    config = uvicorn.Config(server.streamable_http_app(), port=port, log_level="error")
    http = uvicorn.Server(config)
    async with anyio.create_task_group() as group:
        group.start_soon(http.serve)
        while not http.started:
            await anyio.sleep(0.01)
        yield f"http://127.0.0.1:{port}/mcp"
        http.should_exit = True


@pytest.mark.filterwarnings("ignore::DeprecationWarning:uvicorn", "ignore::DeprecationWarning:websockets")
@pytest.mark.parametrize(
    ("mode", "listening"),
    [
        ("auto", True),
        pytest.param("auto", False, marks=pytest.mark.slow),
        pytest.param("legacy", False, marks=pytest.mark.slow),
        pytest.param("legacy", True, marks=pytest.mark.slow),
    ],
)
def test_http_on_either_side(mode: str, listening: bool, tmp_path: Path) -> None:
    effects, ledger = tmp_path / "effects.json", tmp_path / "ledger.parquet"
    effects.write_text('{"look": "read"}')

    async def main() -> list[str]:
        async with http_server() as url:
            port = free_port()
            command = [
                *PROXY, "--effects", str(effects), "--ledger", str(ledger), "--predictor", "markov+recent",
                "--url", url, "--name", "remote", *(["--listen", f"127.0.0.1:{port}"] if listening else []),
            ]  # fmt: skip
            if not listening:
                parameters = StdioServerParameters(command=command[0], args=command[1:], env={"PYTHONPATH": str(ROOT)})
                return await use(stdio_client(parameters))
            process = await anyio.open_process(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
            try:
                await reachable(port)
                return await use(f"http://127.0.0.1:{port}/mcp")
            finally:
                process.send_signal(signal.SIGTERM)
                await process.wait()
                await process.aclose()

    async def use(target: Any) -> list[str]:
        said = []
        async with Client(target, mode=mode) as client:
            await client.list_tools()
            for _ in range(6):
                await anyio.sleep(0.1)
                result = await client.call_tool("look", {"id": "1"})
                said.append(result.content[0].text)  # type: ignore[union-attr]
            size = 500_000 if listening else 3_000_000  # the SDK's client takes no more in one event, from anybody
            big = await client.call_tool("big", {"size": size})
            assert len(big.content[0].text) == size  # type: ignore[union-attr]
        return said

    async def reachable(port: int) -> None:
        with anyio.fail_after(30):
            while True:
                try:
                    await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
                    return
                except OSError:
                    await anyio.sleep(0.05)

    assert anyio.run(main) == ["saw 1"] * 6
    rows = Ledger.from_parquet(ledger).outcomes
    assert sum(row.calls for row in rows) >= 6 and sum(row.hits for row in rows) >= 2


def test_a_configuration_is_put_behind_proxies(tmp_path: Path) -> None:
    config = tmp_path / ".mcp.json"
    servers = {
        "git": {"command": "uvx", "args": ["mcp-server-git"], "env": {"A": "1"}},
        "web": {"type": "http", "url": "https://example.com/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
    }
    config.write_text(json.dumps({"mcpServers": servers, "other": 1}))
    output = CliRunner().invoke(app, ["mcp-proxy", "wrap", str(config), "--", "--mode", "shadow"]).output
    wrapped = json.loads(output)
    assert wrapped["other"] == 1
    assert wrapped["mcpServers"]["git"] == {
        "command": "specbench",
        "args": ["mcp-proxy", "--mode", "shadow", "--name", "git", "--", "uvx", "mcp-server-git"],
        "env": {"A": "1"},
    }
    assert wrapped["mcpServers"]["web"]["args"][-4:] == [
        "--url", "https://example.com/mcp", "--header", "Authorization: Bearer ${TOKEN}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mode", "of"], "the mode is one of record-only, shadow, canary, on; got 'of'"),
        (["--url", "http://x", "--", "echo"], "has both a command and a url"),
        (["--mode", "on"], "has neither a command nor a url"),
        (["--config", "absent.json", "--server", "a"], "absent.json cannot be read"),
        (["--ttl-s", "0", "--", "echo"], "ttl_s is seconds above 0; got 0.0"),
        (["--", "no-such-program-anywhere"], "the MCP server 'no-such-program-anywhere' cannot be started"),
    ],
)
def test_slips_are_told_in_one_message(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["mcp-proxy", *arguments])
    assert done.exit_code == 2
    assert words in done.stderr.replace("\n", " ") and "Traceback" not in done.stderr
