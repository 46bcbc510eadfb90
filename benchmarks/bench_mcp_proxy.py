"""What the MCP proxy costs a call that was not guessed, what wrong guesses cost, and how much of a saving is realised.

Real processes over stdio: a client that writes lines, the proxy, and a server built with the official SDK.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from common import ROOT, Result

from specbench.core.types import Message, Prediction, ToolCall
from specbench.predictors.base import Session
from specbench.predictors.controls import Silent

CALLS, PAUSE_S = 400, 0.01
SESSIONS, STEPS, THINK_S, TOOL_S = 10, 12, 0.15, 0.1
SERVER = [sys.executable, str(Path(__file__).with_name("mcp_tools.py"))]


class Next(Silent):
    """Knows that the calls are numbered: predicts the next number, plus ``off``."""

    name = "next"
    off = 0

    def __init__(self) -> None:
        super().__init__()
        self.fitted = True

    def session(self, tools: object, agent: str | None = None) -> Session:
        """Start a session."""
        return _Next(self.off)


class AllWrong(Next):
    """Is always wrong, and always sure."""

    name = "all_wrong"
    off = 1_000_000


class _Next(Session):
    def __init__(self, off: int) -> None:
        self._next = off

    def observe(self, message: Message) -> None:
        """Count results."""
        self._next += message.role == "tool"

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the next call."""
        return [Prediction(ToolCall("look", {"id": self._next, "takes_s": TOOL_S}), 0.99)]


class Peer:
    """A client: writes a line, and reads one."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._out, self._in, self._number = process.stdin, process.stdout, 0

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its answer."""
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self._out.write(json.dumps(request).encode() + b"\n")
        self._out.flush()
        while "id" not in (answer := json.loads(self._in.readline())):
            pass
        return answer["result"]

    def look(self, number: int, takes_s: float = 0.0) -> float:
        """Call the tool; returns the seconds that it took."""
        began_s = time.perf_counter()
        said = self.ask("tools/call", name="look", arguments={"id": number, "takes_s": takes_s})
        took_s = time.perf_counter() - began_s
        assert said["content"][0]["text"] == f"saw {number}", said
        return took_s


@contextmanager
def connected(*options: str) -> Iterator[Peer]:
    """Start the server, behind a proxy where there are options for one."""
    proxy = [sys.executable, "-m", "specbench", "mcp-proxy", "--quiet", *options, "--"] if options else []
    places = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    with subprocess.Popen(
        [*proxy, *SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": places}
    ) as process:
        peer = Peer(process)
        client = {"name": "bench", "version": "1"}
        peer.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        peer._out.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        peer.ask("tools/list")
        yield peer


def session_s(peer: Peer, first: int) -> float:
    """Work for a session: think, call, read; returns its seconds."""
    began_s = time.perf_counter()
    for step in range(STEPS):
        time.sleep(THINK_S)
        peer.look(first + step, TOOL_S)
    return time.perf_counter() - began_s


def measure() -> list[Result]:
    """Return what is measured."""
    with tempfile.TemporaryDirectory() as folder:
        effects = Path(folder) / "effects.json"
        effects.write_text('{"look": "read"}')
        guessing = ["--effects", str(effects), "--predictor"]
        kinds: dict[str, list[str]] = {
            "direct": [],
            "again": [],
            "record": ["--record-only", "--record", folder],
            "none": [*guessing, "silent"],
            "wrong": [*guessing, "bench_mcp_proxy:AllWrong"],
            "always wrong": [*guessing, "bench_mcp_proxy:AllWrong", "--no-breaker", "--budget-share", "1000"],
            "right": [*guessing, "bench_mcp_proxy:Next"],
        }
        with ExitStack() as stack:
            peers = {kind: stack.enter_context(connected(*options)) for kind, options in kinds.items()}
            time.sleep(1.0)
            return [*latency(peers), *sessions(peers)]


def latency(peers: dict[str, Peer]) -> list[Result]:
    """Return what the proxy adds to a call that no guess answers, in turns with a direct connection."""
    took: dict[str, list[float]] = {kind: [] for kind in ("direct", "again", "record", "none", "always wrong")}
    for number in range(-CALLS, 0):
        for kind, each in took.items():
            time.sleep(PAUSE_S)
            each.append(1e3 * peers[kind].look(number))
    p50 = {kind: statistics.median(each) for kind, each in took.items()}
    p99 = {kind: statistics.quantiles(each, n=100)[98] for kind, each in took.items()}
    base = f"direct: p50 {p50['direct']:.2f}, p99 {p99['direct']:.2f} ms"
    apart = f"a second direct connection: {p50['again'] - p50['direct']:+.2f} ms"
    return [
        Result("MCP proxy, a call without a guess: added at p50", p50["none"] - p50["direct"], "ms", 1.0, note=base),
        Result("…, added at p99", p99["none"] - p99["direct"], "ms", note=apart),
        Result("…, a wrong guess at the server: added at p50", p50["always wrong"] - p50["direct"], "ms", 1.0),
        Result("…, added at p99", p99["always wrong"] - p99["direct"], "ms"),
        Result("…, recording: added at p50", p50["record"] - p50["direct"], "ms", 1.0),
    ]


def sessions(peers: dict[str, Peer]) -> list[Result]:
    """Return what whole sessions take, in turns."""
    took: dict[str, list[float]] = {kind: [] for kind in ("direct", "again", "none", "wrong", "always wrong", "right")}
    done = dict.fromkeys(took, CALLS)
    done |= dict.fromkeys(("wrong", "right"), 0)
    for _ in range(SESSIONS):
        for kind, each in took.items():
            each.append(session_s(peers[kind], done[kind]))
            done[kind] += STEPS
    mean = {kind: statistics.mean(each) for kind, each in took.items()}

    def more(kind: str, than: str) -> float:
        return 100 * (mean[kind] / mean[than] - 1)

    possible_s = STEPS * min(THINK_S, TOOL_S)
    of = f"sessions of {STEPS} calls, {THINK_S} s of thinking and {TOOL_S} s of tool each, {SESSIONS} in turns"
    return [
        Result("MCP proxy, A/A: a second direct connection", more("again", "direct"), "% wall", note=of),
        Result("…, nothing guessed", more("none", "direct"), "% wall", 1.0),
        Result("…, all guesses wrong", more("wrong", "none"), "% wall", 1.0, note="default breaker"),
        Result("…, all guesses wrong, no breaker", more("always wrong", "none"), "% wall", 1.0),
        Result(
            "…, all guesses right: realised of what is possible", 100 * (mean["direct"] - mean["right"]) / possible_s,
            "%", 80.0, higher_is_better=True, note=f"{possible_s:.1f} s a session",
        ),
    ]  # fmt: skip
