"""A LangChain callback that records an agent: its messages, its calls, and the seconds of LLM and tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from specbench.core.extras import named_extras
from specbench.integrations.langchain.messages import from_langchain, specs_of
from specbench.traces.recorder import RecordedTalk, Recorder
from specbench.traces.recorder.talk import CURRENT

with named_extras():
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.messages import BaseMessage, ToolMessage
    from langchain_core.outputs import LLMResult

__all__ = ["LangChainRecorder"]


class LangChainRecorder(BaseCallbackHandler):
    """Records whatever runs with it: ``agent.invoke(..., config={"callbacks": [LangChainRecorder(recorder)]})``.

    A request belongs to the conversation of the ``with recorder.talk()`` block that it is made in; outside one, to the
    conversation that it continues, or to a new one. It never fails the agent.

    Parameters
    ----------
    recorder
        Where it is written.
    """

    run_inline = True

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._following = recorder.following()
        self._thinking: dict[UUID, tuple[RecordedTalk, float]] = {}
        self._running: dict[UUID, tuple[RecordedTalk, float]] = {}
        self._last: RecordedTalk | None = None

    def on_chat_model_start(
        self, serialized: Any, messages: Sequence[Sequence[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """An LLM begins: what is new in its messages is recorded."""
        try:
            offered = (kwargs.get("invocation_params") or {}).get("tools") or ()
            talk = self._following.talk(from_langchain(messages[0]), specs_of(offered))
            self._thinking[run_id] = talk, talk.now()
        except Exception:
            self.recorder.failed("a request could not be recorded")

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """An LLM has ended."""
        talk, started_s = self._thinking.pop(run_id, (None, 0.0))
        if talk is None:
            return
        try:
            generation: Any = response.generations[0][0]
            (message,) = from_langchain([generation.message])
            talk.add(message, started_s)
            self._last = talk
        except Exception:
            self.recorder.failed("an answer could not be recorded")

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """An LLM has failed: there is nothing to record."""
        self._thinking.pop(run_id, None)

    def on_tool_start(self, serialized: Any, input_str: str, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool begins."""
        talk = CURRENT.get() or self._last
        if talk is not None:
            self._running[run_id] = talk, talk.now()

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool has ended: its result is recorded, if it is one that an LLM asked for."""
        talk, started_s = self._running.pop(run_id, (None, 0.0))
        if talk is None or not isinstance(output, ToolMessage):
            return
        try:
            (message,) = from_langchain([output])
            talk.add(message, started_s)
        except Exception:
            self.recorder.failed("a result could not be recorded")

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool has failed: what the agent makes of it stands in the next request."""
        self._running.pop(run_id, None)
