"""The shipped micro-Llama, loaded once."""

import pytest

from specbench.desk.micro_llama.conversations import conversations
from specbench.llm.base import Request
from specbench.llm.local.loading import LoadedModel, load_model
from specbench.llm.registry import micro_folder


@pytest.fixture(scope="session")
def micro() -> LoadedModel:
    """The model, on the CPU."""
    return load_model(micro_folder(), device="cpu")


@pytest.fixture(scope="session")
def talk():
    """A held-out conversation of the settled agent."""
    return next(conversations(1, seed=5))


@pytest.fixture(scope="session")
def ask(talk) -> Request:
    """A request whose answer is recorded to be a call."""
    decision = next(each for each in talk.decisions() if each.calls)
    return Request(decision.point.messages, talk.tools)
