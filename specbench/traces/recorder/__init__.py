"""Records your own agent, with timings, as traces that :func:`specbench.read` reads.

- :class:`Recorder` writes; :class:`RecordedTalk` is one conversation of it, for a loop of your own.
- :meth:`Recorder.openai` wraps an OpenAI-compatible client, :meth:`Recorder.tool` a function that is a tool.
- ``Executor(..., recorder=recorder)`` records what it runs; ``specbench.integrations.LangChainRecorder`` is a callback.
"""

from __future__ import annotations

from specbench.traces.recorder.files import Recorder
from specbench.traces.recorder.talk import RecordedTalk

__all__ = ["RecordedTalk", "Recorder"]
