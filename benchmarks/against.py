"""Speed against an earlier version, as ratios in one run: ``python benchmarks/against.py v0.1.0``.

Both versions do the same work through the public interface, each in processes of its own, in turns; the ratio of each
round is taken, and its median and range are printed. The version is measured against itself, too: that is the noise.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from common import ROOT

ROUNDS = 5
WORK = """
import asyncio, json, statistics, time
from pathlib import Path
import specbench as sb

def seconds(action, repeats=3):
    action()
    out = []
    for _ in range(repeats):
        began = time.process_time()
        action()
        out.append(time.process_time() - began)
    return statistics.median(out)

traces = sb.read("data/support_desk.jsonl")
train, test = traces.split(test=0.25, seed=0)
shipped = sb.load("models/support-desk")
evaluation = sb.evaluate(["markov", "ngram"], train, test)
spec = sb.ToolSpec("get", effect=sb.Effect.READ, parameters={"type": "object", "properties": {}})

async def get():
    return "got"

async def think(point):
    await asyncio.sleep(0)
    return "done" if point.messages[-1].role == "tool" else sb.ToolCall("get", {})

async def steps():
    async with sb.Executor([sb.Tool(spec, get)], evaluation["markov"], sb.TopK(1)) as executor:
        for at in range(200):
            await executor.conversation(f"c{at}").user("go", think)

few = test[:30]

def predict():
    for trace in few:
        for decision in trace.decisions():
            shipped.predict(decision.point, k=3)

thresholds = [at / 50 for at in range(51)]
print(json.dumps({
    "reading the desk's traces": seconds(lambda: list(sb.read("data/support_desk.jsonl"))),
    "fitting markov": seconds(lambda: sb.evaluate(["markov"], train, few)),
    "predicting with the shipped checkpoint": seconds(predict),
    "simulating": seconds(lambda: sb.simulate(evaluation["ngram"], test, sb.Threshold(0.4), latency="constant:2,1")),
    "200 conversations through the executor": seconds(lambda: asyncio.run(steps())),
}))
"""


def measured(tree: Path) -> dict[str, float]:
    """Return the processor seconds of each piece of work in a checkout."""
    settings = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", WORK], cwd=tree, env=settings, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}\nerror: the work failed in {tree}")
    out: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return out


def main(words: Sequence[str]) -> int:
    """Compare this checkout with another version."""
    if len(words) != 1:
        print("usage: python benchmarks/against.py REF, a tag or commit of this repository", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(other), words[0]], cwd=ROOT, check=True)
        try:
            rounds = [(measured(other), measured(ROOT), measured(ROOT)) for _ in range(ROUNDS)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(other)], cwd=ROOT, check=True)
    print(
        f"processor seconds of this version / of {words[0]}: median and range of {ROUNDS} rounds; below 1 is faster\n"
    )
    for what in rounds[0][0]:
        ratios = sorted(new[what] / old[what] for old, new, _ in rounds)
        noise = sorted(again[what] / new[what] for _, new, again in rounds)
        print(f"{what:40} {statistics.median(ratios):.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}]   "
              f"this version / itself {statistics.median(noise):.2f} [{noise[0]:.2f}, {noise[-1]:.2f}]")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
