"""Our backends as a LangChain chat model, with ``bind_tools`` that the model really sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from typing import Any

from specbench.core.extras import named_extras
from specbench.core.types import ToolSpec
from specbench.integrations.langchain.messages import ai_message, from_langchain, specs_of
from specbench.llm.base import Backend, End, Event, Request, TextDelta

with named_extras():
    from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
    from langchain_core.runnables import Runnable

__all__ = ["LISTENER", "BackendChatModel"]

LISTENER: ContextVar[Callable[[Event], None] | None] = ContextVar("specbench_listener", default=None)
"""Told every event of the models that stream in this context, calls in the making too."""


class BackendChatModel(BaseChatModel):
    """A backend as a LangChain chat model.

    ``astream`` gives text as it comes, and calls at the end: a call that is only begun may still turn out to be text.

    Parameters
    ----------
    backend
        The model.
    tools
        On offer in every invocation; :meth:`bind_tools` sets them.
    max_tok
        Longest message.

    Examples
    --------
    >>> from specbench.llm.backends.scripted import ScriptedBackend
    >>> model = BackendChatModel(backend=ScriptedBackend(['{"name": "now", "parameters": {}}']))
    >>> model.bind_tools([ToolSpec("now")]).invoke("what time is it?").tool_calls[0]["name"]
    'now'
    """

    backend: Any
    tools: dict[str, ToolSpec] = {}  # noqa: RUF012  # pydantic copies it
    max_tok: int = 512

    @property
    def _llm_type(self) -> str:
        return f"specbench {self._backend.name}"

    @property
    def _backend(self) -> Backend:
        backend: Backend = self.backend
        return backend

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools on offer; ``tool_choice`` is left to the model."""
        return self.model_copy(update={"tools": specs_of(tools)})

    def _request(self, messages: list[BaseMessage]) -> Request:
        return Request(from_langchain(messages), self.tools, max_tok=self.max_tok)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from anyio.from_thread import start_blocking_portal

        with start_blocking_portal() as portal:
            return _result(portal.call(self._backend.complete, self._request(messages)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _result(await self._backend.complete(self._request(messages)))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        listener = LISTENER.get()
        async with self._backend.stream(self._request(messages)) as events:
            async for event in events:
                if listener is not None:
                    listener(event)
                chunk = ChatGenerationChunk(message=_chunk(event))
                if run_manager is not None and isinstance(event, TextDelta):
                    await run_manager.on_llm_new_token(event.text, chunk=chunk)
                yield chunk


def _chunk(event: Event) -> AIMessageChunk:
    """What an event adds to the message; calls in the making add nothing, but let the consumer run."""
    if isinstance(event, TextDelta):
        return AIMessageChunk(content=event.text)
    if not isinstance(event, End):
        return AIMessageChunk(content="")
    whole = ai_message("", event.calls)
    return AIMessageChunk(
        content="",
        tool_calls=whole.tool_calls,
        invalid_tool_calls=whole.invalid_tool_calls,
        usage_metadata=_usage(event),
        response_metadata={"finish_reason": event.reason},
    )


def _result(end: End) -> ChatResult:
    message = ai_message(end.text, end.calls)
    message.usage_metadata = _usage(end)
    message.response_metadata = {"finish_reason": end.reason}
    return ChatResult(generations=[ChatGeneration(message=message)])


def _usage(end: End) -> Any:
    usage = end.usage
    return {
        "input_tokens": usage.prompt_tok,
        "output_tokens": usage.completion_tok,
        "total_tokens": usage.prompt_tok + usage.completion_tok,
    }
