"""Endless synthetic conversations that the micro-Llama learns from, and those that it is measured on.

Customers are those of the shipped sample. The agent is :mod:`specbench.desk.people.deterministic_agent`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from specbench.core.types import Message, Trace
from specbench.desk.micro_llama.exercises import exercise
from specbench.desk.micro_llama.word_noise import VariedBook, vocabulary
from specbench.desk.people.agent import Left
from specbench.desk.people.conversations import SYSTEM_PROMPT, play
from specbench.desk.people.deterministic_agent import AGENT_NAME, DeterministicAgent
from specbench.desk.people.goals import KINDS, Task, sample_task
from specbench.desk.people.users import ScriptedUser
from specbench.desk.phrases.books import read_book
from specbench.desk.phrases.grammar import Book, merged
from specbench.desk.world.desk import DeskError, SupportDesk

__all__ = [
    "NO_TOOLS_REPLY",
    "TEST_BOOKS",
    "conversation",
    "conversations",
    "training_conversations",
    "without_tools",
]

NO_TOOLS_REPLY = "I'm sorry, I have no tools here to look that up."
"""What the agent says where it would call a tool and none is on offer."""

TEST_BOOKS = {"seen": "customer", "unseen": "held_out", "fresh": "held_out_second"}
"""The phrasings that the model is measured on, and their phrase books: that of the sample, and two held-out ones."""

CUSTOMERS = 48
"""Customers of one desk: few, so that names and products change often."""

TRAINING_WEIGHTS = {kind: weight**0.5 for kind, (weight, _, _) in KINDS.items()}
"""How often each kind of goal is drawn in training: rare ones more often than customers have them."""

SCRAMBLED_SHARE = 0.3
"""Share of the customers' answers that keep nothing but their value (an email address, a zip code, …)."""

EXERCISE_SHARE = 0.2
"""Share of exercises among the training texts."""

_SYSTEM_PROMPTS = (
    "You are a support agent.",
    "You work at the support desk of an online shop. Use the tools.",
    "You are a helpful assistant of an online shop. Today is 2026-03-16.",
    "",
)


def conversation(
    desk: SupportDesk,
    user_id: str,
    name: str,
    book: Book,
    *,
    system: str = SYSTEM_PROMPT,
    weights: Mapping[str, float] | None = None,
) -> Trace:
    """Play one conversation of the deterministic agent with a scripted customer.

    Parameters
    ----------
    desk
        Where the calls run; it is copied first.
    user_id
        The customer.
    name
        The id of task and trace; the customer's goals, behaviour and wording are drawn from it.
    book
        The customer's paraphrases.
    system
        The system prompt; none when empty.
    weights
        Of the kinds of goals, as in :func:`specbench.desk.people.goals.sample_task`.
    """
    task = _without_reasons(sample_task(desk, user_id, random.Random(f"task/{name}"), weights))
    with desk.copy() as own:
        user = ScriptedUser(task, book, random.Random(f"user/{name}"))
        agent = DeterministicAgent(own, user, system)
        # The desk refuses a call when a customer's words fit two items, one of them on its way back: it ends there.
        with suppress(Left, DeskError):
            play(agent, user)
    messages = agent.messages if system else agent.messages[1:]
    goals = " ".join(goal.kind for goal in task.goals)
    return Trace(name, name, "micro (synthetic)", tuple(messages), desk.tools, AGENT_NAME, {"goals": goals})


def _without_reasons(task: Task) -> Task:
    """The task without the customer's reasons for cancelling: this agent knows only what was said."""
    goals = [
        replace(goal, slots={**goal.slots, "reason": "other"}) if "reason" in goal.slots else goal
        for goal in task.goals
    ]
    return replace(task, goals=tuple(goals))


def conversations(count: int, seed: int, phrasings: str = "seen") -> Iterator[Trace]:
    """Play ``count`` conversations for measuring, in the phrasings of the sample or in held-out ones.

    Parameters
    ----------
    count, seed
        How many; same seed, same conversations.
    phrasings
        A key of :data:`TEST_BOOKS`.

    Examples
    --------
    >>> trace = next(conversations(1, seed=5))
    >>> trace.messages[0].role, trace.messages[-1].role
    ('system', 'assistant')
    """
    book = read_book(TEST_BOOKS[phrasings])
    for number in range(count):
        if number % CUSTOMERS == 0:
            desk = SupportDesk(seed=900_000_000 + seed * 1000 + number // CUSTOMERS, customers=CUSTOMERS)
            users = desk.user_ids()
        yield conversation(desk, users[number % CUSTOMERS], f"held_out/{phrasings}/{seed}/{number}", book)


def training_conversations(seed: int, first: int = 0) -> Iterator[tuple[Trace, bool]]:
    """Play conversations without end; whether tools are on offer comes with each.

    One in eight has no tools in its prompt (:func:`without_tools`), one in six only some of them in another order, one
    in ten another system prompt.

    Parameters
    ----------
    seed
        Same seed, same conversations.
    first
        Number of the first one: conversation ``n`` is the same wherever the stream began.
    """
    phrases = merged(read_book("customer"), read_book("training"))
    words = vocabulary(phrases)
    number = first
    desk: SupportDesk | None = None
    while True:
        block, place = divmod(number, CUSTOMERS)
        if desk is None or place == 0:
            if desk is not None:
                desk.close()
            desk = SupportDesk(seed=seed * 1_000_003 + block, customers=CUSTOMERS)
            users = desk.user_ids()
        rng = random.Random(f"micro/{seed}/{number}")
        is_exercise = rng.random() < EXERCISE_SHARE
        rate = rng.choice((0.0, 0.05, 0.12, 0.25))
        book = VariedBook(phrases, rng, rate, SCRAMBLED_SHARE, words)
        if is_exercise:
            yield exercise(desk, f"drill/{seed}/{number}", book), True
            number += 1
            continue
        system = rng.choice(_SYSTEM_PROMPTS) if rng.random() < 0.1 else SYSTEM_PROMPT
        trace = conversation(
            desk, users[place], f"training/{seed}/{number}", book, system=system, weights=TRAINING_WEIGHTS
        )
        number += 1
        kind = rng.random()
        if kind < 1 / 8:
            yield without_tools(trace, rng), False
        elif kind < 7 / 24:
            yield _some_tools(trace, rng), True
        else:
            yield trace, True


def without_tools(trace: Trace, rng: random.Random) -> Trace:
    """The conversation as it goes without tools in the prompt: at one of its calls, the agent says that it cannot."""
    calls = [at for at, message in enumerate(trace.messages) if message.tool_calls]
    if not calls:
        return replace(trace, tools={})
    cut = rng.choice(calls)
    return replace(trace, tools={}, messages=(*trace.messages[:cut], Message("assistant", NO_TOOLS_REPLY)))


def _some_tools(trace: Trace, rng: random.Random) -> Trace:
    used = {call.name for message in trace.messages for call in message.tool_calls}
    kept = [name for name in trace.tools if name in used or rng.random() < 0.6]
    rng.shuffle(kept)
    return replace(trace, tools={name: trace.tools[name] for name in kept})
