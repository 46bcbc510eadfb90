"""Realised, not simulated: recorded decisions of Claude Code, made again with real tools, with and without the proxy.

``python benchmarks/realised.py FOLDER [DELAY_S]`` reads the sessions in the folder, replays each in every arm in turns,
and prints what ``docs/realised.md`` shows. A decision takes the seconds that the LLM was measured at, scaled down; the
tools are real, on a copy of this repository (``repository_server.py``), and ``DELAY_S`` slower, as if it were far away.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import specbench as sb
from specbench.core.ledger import Ledger
from specbench.core.types import Message, Prediction, ToolCall, Trace
from specbench.metrics.intervals import ratio_interval
from specbench.predictors.base import Session
from specbench.predictors.controls import Silent

ROOT = Path(__file__).resolve().parents[1]
SCALE, MOST_S, LONGEST, MOST_SESSIONS = 0.02, 0.25, 12, 50
"""Of the recorded seconds; the most that a decision takes then; most decisions of a session, and sessions."""
EFFECTS = {"read": "read", "grep": "read", "glob": "read", "git": "read", "edit": "write", "other": "write"}
GIT = {
    "status": ["status"], "log": ["log", "-n", "20", "--stat"], "diff": ["diff", "HEAD~2", "--stat"],
    "show": ["show", "--stat", "HEAD~3"], "branch": ["branch", "-v"], "blame": ["blame", "README.md"],
}  # fmt: skip
SCRIPTS = "SPECBENCH_SCRIPTS"
POLICY = "threshold:0.5"


class Decision(NamedTuple):
    """One decision of a session: seconds of thinking, and the calls."""

    think_s: float
    calls: list[ToolCall]


class HalfRight(Silent):
    """Knows the sessions, and tells the next call with probability one half, another one otherwise."""

    name = "half_right"
    right = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.fitted = True
        self._scripts = json.loads(Path(os.environ[SCRIPTS]).read_text("utf-8"))
        self._reads = [each for script in self._scripts.values() for each in script if EFFECTS[each[0]] == "read"]

    def session(self, tools: object, agent: str | None = None) -> Session:
        """Start a session; the agent's name is that of the session."""
        return _Telling(str(agent), self._scripts.get(str(agent), []), self._reads, self.right)


class Wrong(HalfRight):
    """Never tells the next call, and is as sure."""

    name = "wrong_here"
    right = 0.0


class _Telling(Session):
    def __init__(self, agent: str, script: Sequence[Any], reads: Sequence[Any], right: float) -> None:
        self._agent, self._script, self._reads, self._right, self._at = agent, script, reads, right, 0

    def observe(self, message: Message) -> None:
        """Count decisions."""
        self._at += message.role == "assistant"

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return one call."""
        chance = random.Random(f"{self._agent} {self._at}")
        if chance.random() < self._right and self._at < len(self._script):
            name, arguments = self._script[self._at]
            return [Prediction(ToolCall(name, arguments), 0.9)]
        others = [read for read in self._reads if read not in self._script] or [["grep", {"pattern": "nothing"}]]
        name, arguments = chance.choice(others)
        return [Prediction(ToolCall(name, arguments), 0.9)]


def sessions(folder: Path, files: Sequence[str]) -> dict[str, list[Decision]]:
    """Return the recorded decisions, with the paths of their repository put in place by paths of ours."""
    found: dict[str, list[Decision]] = {}
    for trace in sb.read(folder):
        decisions = list(_decisions(trace, files))
        for number, first in enumerate(range(0, len(decisions), LONGEST)):
            part = decisions[first : first + LONGEST]
            if len(part) >= 5:
                found[f"{trace.trace_id[:8]}-{number}"] = part
    return dict(list(found.items())[:MOST_SESSIONS])


def _decisions(trace: Trace, files: Sequence[str]) -> Iterator[Decision]:
    ran = {m.tool_call_id: m.timing.duration_s for m in trace.messages if m.role == "tool" and m.timing is not None}
    for message in trace.messages:
        if message.tool_calls:
            think_s = 5.0 if message.timing is None else message.timing.duration_s
            calls = [_ours(call, ran.get(call.id, 1.0), files) for call in message.tool_calls]
            yield Decision(min(MOST_S, SCALE * think_s), calls)


def _ours(call: ToolCall, seconds: float, files: Sequence[str]) -> ToolCall:
    arguments = call.arguments
    path = files[int(hashlib.sha256(str(arguments.get("file_path")).encode()).hexdigest(), 16) % len(files)]
    match call.name:
        case "Read":
            where = {name: arguments[name] for name in ("offset", "limit") if isinstance(arguments.get(name), int)}
            return ToolCall("read", {"path": path, **where})
        case "Grep":
            return ToolCall("grep", {"pattern": str(arguments.get("pattern"))})
        case "Glob":
            return ToolCall("glob", {"pattern": str(arguments.get("pattern"))})
        case "Edit" | "Write":
            return ToolCall("edit", {"path": path, "line": f"# {len(str(arguments))}"})
        case "Bash" if (words := str(arguments.get("command")).split()[:2]) and words[0] == "git" and words[-1] in GIT:
            return ToolCall("git", {"words": GIT[words[-1]]})
        case _:
            return ToolCall("other", {"seconds": round(min(MOST_S, SCALE * seconds), 4)})


class Client:
    """Speaks to a server, or to a proxy in front of one."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._out, self._in, self._number = process.stdin, process.stdout, 0
        client = {"name": name, "version": "1"}
        self._ask([("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})])
        self._out.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        self._ask([("tools/list", {})])

    def _ask(self, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Any]:
        """Send requests side by side; returns the answers in their order."""
        numbers = []
        for method, params in requests:
            self._number += 1
            numbers.append(self._number)
            request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
            self._out.write(json.dumps(request).encode() + b"\n")
        self._out.flush()
        answers: dict[int, Any] = {}
        while len(answers) < len(numbers):
            message = json.loads(self._in.readline())
            if message.get("id") in numbers:
                answers[message["id"]] = message.get("result", message.get("error"))
        return [answers[number] for number in numbers]

    def play(self, decisions: Sequence[Decision]) -> tuple[float, list[str]]:
        """Be the agent; returns the seconds that it took, and a digest of each result."""
        seen, began_s = [], time.perf_counter()
        for think_s, calls in decisions:
            time.sleep(think_s)
            asked = [("tools/call", {"name": call.name, "arguments": dict(call.arguments)}) for call in calls]
            seen += [json.dumps(answer, sort_keys=True) for answer in self._ask(asked)]
        took_s = time.perf_counter() - began_s
        return took_s, [hashlib.sha256(each.encode()).hexdigest()[:12] for each in seen]


@contextmanager
def client(
    name: str, repository: Path, delay_s: float, options: Sequence[str], environment: Mapping[str, str]
) -> Iterator[Client]:
    """Start a server in a copy of the repository as it is committed, behind a proxy where there are options."""
    for command in (["reset", "-q", "--hard"], ["clean", "-qfdx"]):
        subprocess.run(["git", "-C", str(repository), *command], check=True)
    proxy = [sys.executable, "-m", "specbench", "mcp-proxy", "--quiet", "--name", "repository", *options, "--"]
    server = [sys.executable, str(ROOT / "benchmarks" / "repository_server.py"), str(repository), str(delay_s)]
    with subprocess.Popen(
        [*(proxy if options else []), *server],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        made = Client(process, name)
        time.sleep(0.3)
        yield made
        process.stdin.close()  # type: ignore[union-attr]
        process.wait(20)


def replay(folder: Path, home: Path, delay_s: float) -> dict[str, Any]:
    """Replay all sessions in all arms; returns what was measured."""
    copy = home / "copy"
    subprocess.run(["git", "clone", "-q", "--local", str(ROOT), str(copy)], check=True)
    tracked = subprocess.run(
        ["git", "-C", str(copy), "ls-files", "*.py", "*.md"], capture_output=True, text=True, check=True
    )
    found = sessions(folder, tracked.stdout.split())
    scripts, effects = home / "scripts.json", home / "effects.json"
    effects.write_text(json.dumps(EFFECTS))
    told = {
        name: [(each.calls[0].name, dict(each.calls[0].arguments)) for each in part] for name, part in found.items()
    }
    scripts.write_text(json.dumps(told))
    places = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    environment = {**os.environ, "PYTHONPATH": places, SCRIPTS: str(scripts), "OMP_NUM_THREADS": "1"}
    os.environ[SCRIPTS] = str(scripts)
    on = ["--effects", str(effects), "--policy", POLICY]

    def to(name: str) -> list[str]:
        return ["--ledger", str(home / f"{name}.parquet")]

    arms: dict[str, list[str]] = {
        "direct": [],
        "direct again": [],
        "learned online": [*on, *to("online"), "--predictor", "patterns", "--state", str(home / "state")],
        "half right": [*on, *to("half"), "--predictor", "realised:HalfRight", "--record", str(home / "traces")],
        "all wrong": [*on, *to("wrong"), "--predictor", "realised:Wrong"],
    }
    took: dict[str, list[float]] = {arm: [] for arm in arms}
    differ = dict.fromkeys(arms, 0)
    for number, (name, decisions) in enumerate(found.items()):
        digests: dict[str, list[str]] = {}
        order = list(arms)
        random.Random(number).shuffle(order)
        for arm in order:
            with client("claude" if arm == "learned online" else name, copy, delay_s, arms[arm], environment) as made:
                seconds, digests[arm] = made.play(decisions)
            took[arm].append(seconds)
        for arm in arms:
            differ[arm] += sum(one != two for one, two in zip(digests["direct"], digests[arm], strict=True))
        print(number + 1, name, {arm: round(each[-1], 2) for arm, each in took.items()}, file=sys.stderr, flush=True)
    traces = sb.read(home / "traces", effects=EFFECTS)
    simulated = sb.simulate(HalfRight(), traces, POLICY, latency="measured")
    return {
        "sessions": list(found), "calls": sum(len(each.calls) for part in found.values() for each in part),
        "took": took, "differ": differ,
        "simulated_s": sum(row.saved_s for row in simulated.ledger.outcomes),
        "ledgers": {name: _sums(home / f"{name}.parquet") for name in ("online", "half", "wrong")},
    }  # fmt: skip


def _sums(path: Path) -> dict[str, float]:
    ledger = Ledger.from_parquet(path)
    return {
        "calls": sum(row.calls for row in ledger.outcomes), "hits": sum(row.hits for row in ledger.outcomes),
        "launched": len(ledger.speculations), "saved_s": sum(row.saved_s for row in ledger.outcomes),
    }  # fmt: skip


def line(arm: str, measured: Mapping[str, Any]) -> str:
    """Return one row of the table."""
    direct, seconds = measured["took"]["direct"], measured["took"][arm]
    saved = [one - two for one, two in zip(direct, seconds, strict=True)]
    interval = ratio_interval(measured["sessions"], saved, direct, share=False)
    band = "–" if interval is None or arm == "direct" else f"{100 * interval[0]:+.1f} to {100 * interval[1]:+.1f} %"
    share = 100 * sum(saved) / sum(direct)
    return f"| {arm} | {sum(seconds):.1f} | {share:+.1f} % | {band} | {measured['differ'][arm]} |"


def main() -> None:
    """Replay, and print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        measured = replay(Path(sys.argv[1]), Path(folder), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
    print(json.dumps({name: each for name, each in measured.items() if name not in ("took", "sessions")}, indent=1))
    print("| arm | seconds | saved | 95 %, by session | divergent results |\n|---|---|---|---|---|")
    print("\n".join(line(arm, measured) for arm in measured["took"]))


if __name__ == "__main__":
    main()
