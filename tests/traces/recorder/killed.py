"""Records into a folder until it is killed; says how many messages are recorded."""

from __future__ import annotations

import sys

from specbench.core.types import Message, ToolCall
from specbench.traces.recorder import Recorder

if __name__ == "__main__":
    recorder = Recorder(sys.argv[1])
    talk = recorder.talk("t", task_id="a")
    for number in range(10_000_000):
        talk.add(Message("user", f"question {number} " + "x" * 200), started_s=talk.now())
        talk.add(Message("assistant", "", (ToolCall("look", {"number": number}, f"c{number}"),)))
        print(2 * number + 2, flush=True)
