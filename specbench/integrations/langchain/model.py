"""Our backends as a LangChain chat model, with options and tools that the model really sees."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import anyio

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.types import ToolSpec
from specbench.integrations.langchain.messages import ai_message, from_langchain, specs_of
from specbench.llm.base import Backend, End, Event, Request, TextDelta
from specbench.llm.chat_format import answered, with_ids

with named_extras():
    from langchain_core.callbacks import AsyncCallbackManager, AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult
    from langchain_core.runnables import Runnable
    from langchain_core.runnables.config import ensure_config

__all__ = ["BackendChatModel", "events_of"]

_LIMITS = ("max_tokens", "max_completion_tokens", "max_tok")


class BackendChatModel(BaseChatModel):
    """A backend as a LangChain chat model.

    ``stop``, ``temperature``, ``seed``, ``max_tokens`` and ``tool_choice`` count, as arguments of a call or of
    ``bind``; others are fields of the request to a server, and an error for a model that runs here. ``astream`` gives
    text as it comes, and calls at the end: a call that is only begun may still turn out to be text.

    Parameters
    ----------
    backend
        The model.
    tools, tool_choice
        On offer in every invocation, and which must be called; :meth:`bind_tools` sets them.
    max_tok, temperature, seed
        See :class:`specbench.llm.base.Request`.

    Examples
    --------
    >>> from specbench.llm.backends.scripted import ScriptedBackend
    >>> model = BackendChatModel(backend=ScriptedBackend(['{"name": "now", "parameters": {}}']))
    >>> model.bind_tools([ToolSpec("now")]).invoke("what time is it?").tool_calls[0]["name"]
    'now'
    """

    backend: Any
    tools: dict[str, ToolSpec] = {}  # noqa: RUF012  # pydantic copies it
    tool_choice: str | None = None
    max_tok: int = 512
    temperature: float = 0.0
    seed: int = 0

    @property
    def _llm_type(self) -> str:
        return f"specbench {self._backend.name}"

    @property
    def _backend(self) -> Backend:
        backend: Backend = self.backend
        return backend

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: Any = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools on offer.

        Parameters
        ----------
        tools
            Whatever LangChain takes for a tool, and our specs.
        tool_choice
            ``"any"``, ``"required"`` or ``True``: one must be called; a tool's name (or OpenAI's dictionary with it):
            that one; ``"none"``: none is on offer; ``"auto"``, ``None`` or ``False``: as the model likes. A model that
            does not call what it must is an error.
        kwargs
            Further options of each invocation.
        """
        specs = specs_of(tools)
        choice = _choice(tool_choice, specs)
        model = self.model_copy(update={"tools": {} if choice == "none" else specs, "tool_choice": _asked(choice)})
        options = {key: value for key, value in kwargs.items() if not key.startswith("ls_")}
        return model.bind(**options) if options else model

    def request(self, messages: Sequence[BaseMessage], stop: Sequence[str] | None = None, **options: Any) -> Request:
        """What the backend is asked."""
        options = {key: value for key, value in options.items() if not key.startswith("ls_") and key != "stream"}
        tools, choice = self.tools, self.tool_choice
        if "tools" in options:
            tools = specs_of(options.pop("tools") or ())
        if "tool_choice" in options:
            named = _choice(options.pop("tool_choice"), tools)
            tools, choice = ({} if named == "none" else tools), _asked(named)
        limits = [options.pop(name) for name in _LIMITS if name in options]
        temperature, seed = options.pop("temperature", None), options.pop("seed", None)
        return Request(
            answered(from_langchain(messages)),
            tools,
            max_tok=next((each for each in limits if each is not None), self.max_tok),
            temperature=self.temperature if temperature is None else temperature,
            seed=self.seed if seed is None else seed,
            stop=[stop] if isinstance(stop, str) else list(stop or ()),
            tool_choice=choice,
            extra=options,
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from anyio.from_thread import start_blocking_portal

        request = self.request(messages, stop, **kwargs)
        with start_blocking_portal() as portal:
            return self._result(portal.call(self._backend.complete, request), request)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self.request(messages, stop, **kwargs)
        return self._result(await self._backend.complete(request), request)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self.request(messages, stop, **kwargs)
        async with self._backend.stream(request) as events:
            async for event in events:
                chunk = self.chunk(event, request)
                if chunk is not None:
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
                    yield chunk

    def chunk(self, event: Event, request: Request) -> ChatGenerationChunk | None:
        """What an event adds to the message; calls in the making add nothing."""
        if isinstance(event, TextDelta):
            return ChatGenerationChunk(message=AIMessageChunk(content=event.text))
        if not isinstance(event, End):
            return None
        whole = self.message(event, request)
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                tool_calls=whole.tool_calls,
                invalid_tool_calls=whole.invalid_tool_calls,
                additional_kwargs=whole.additional_kwargs,
                usage_metadata=whole.usage_metadata,
                response_metadata=whole.response_metadata,
                chunk_position="last",
            )
        )

    def message(self, end: End, request: Request) -> AIMessage:
        """The whole message; each call has an id that is new in the conversation."""
        message = ai_message(end.text, with_ids(end.calls, request.messages))
        usage = end.usage
        message.usage_metadata = {
            "input_tokens": usage.prompt_tok,
            "output_tokens": usage.completion_tok,
            "total_tokens": usage.prompt_tok + usage.completion_tok,
        }
        if usage.reasoning_tok:
            message.usage_metadata["output_token_details"] = {"reasoning": usage.reasoning_tok}
        message.response_metadata = {"finish_reason": end.reason, "model_name": self._backend.name}
        if end.reasoning:
            message.additional_kwargs["reasoning_content"] = end.reasoning
        return message

    def _result(self, end: End, request: Request) -> ChatResult:
        message = self.message(end, request)
        return ChatResult(generations=[ChatGeneration(message=message, generation_info=message.response_metadata)])


async def events_of(model: BackendChatModel, messages: Sequence[BaseMessage]) -> AsyncGenerator[Event, None]:
    """The events of an invocation, of which LangChain's callbacks hear as of any other of a chat model.

    For who must see calls in the making, which chunks do not show.
    """
    request = model.request(messages)
    config = ensure_config()
    manager = AsyncCallbackManager.configure(
        config.get("callbacks"), model.callbacks, False, config.get("tags"), model.tags, config.get("metadata"),
        model.metadata,
    )  # fmt: skip
    (run,) = await manager.on_chat_model_start(
        {"name": "BackendChatModel", "id": ["specbench"]}, [list(messages)], name="BackendChatModel", batch_size=1
    )
    own, ended = f"lc_run--{run.run_id}", False
    try:
        async with model._backend.stream(request) as events:
            async for event in events:
                chunk = model.chunk(event, request)
                if chunk is not None:
                    chunk.message.id = own
                    await run.on_llm_new_token(str(chunk.message.content), chunk=chunk)
                if isinstance(event, End):
                    message = model.message(event, request)
                    message.id = own
                    await run.on_llm_end(LLMResult(generations=[[ChatGeneration(message=message)]]))
                    ended = True
                yield event
    except BaseException as error:
        if not ended:
            with anyio.CancelScope(shield=True):
                await run.on_llm_error(error, response=LLMResult(generations=[]))
        raise


def _choice(choice: Any, tools: Mapping[str, ToolSpec]) -> str | None:
    """A ``tool_choice`` in one of the ways that LangChain and OpenAI have for it.

    Returns
    -------
    str or None
        ``"required"``, ``"none"``, the name of a tool, or ``None`` for as the model likes.
    """
    if isinstance(choice, Mapping):
        function = choice.get("function", choice)
        choice = function.get("name") if isinstance(function, Mapping) else None
    if choice in (None, False, "auto"):
        return None
    if choice in (True, "any", "required"):
        return "required" if tools else None
    if choice == "none" or choice in tools:
        return str(choice)
    raise ConfigError(
        f"tool_choice is {choice!r}; use auto, any, required, none, or one of {', '.join(tools) or 'the tools'}"
    )


def _asked(choice: str | None) -> str | None:
    return None if choice == "none" else choice
