"""Models that make given calls, predictors that guess them, and a tool that notes for whom it ran."""

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool

from specbench.core.types import Message, ToolCall
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.predictors.llm_draft import LLMDraftPredictor

RAN: list[str] = []


@tool
async def salary(person: str) -> str:
    """What somebody earns."""
    RAN.append(person)
    return f"{person}: 1"


class Calls(GenericFakeChatModel):
    """Makes the calls that it is given, then says that it is done."""

    def bind_tools(self, *_, **__):
        return self


def model_of(*calls):
    asked = [{"name": name, "args": args, "id": f"c{at}"} for at, (name, args) in enumerate(calls)]
    return Calls(messages=iter([AIMessage("", tool_calls=asked), AIMessage("done")]))


def guessing(*calls):
    """A predictor that drafts the first of these calls after the user's message."""

    def draft(request):
        return Message("assistant", "", (ToolCall(*calls[0]),)) if request.messages[-1].role == "user" else "done"

    return LLMDraftPredictor(ScriptedBackend(draft), points=0).fit([])
