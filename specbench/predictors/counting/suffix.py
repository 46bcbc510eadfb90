"""Suffix automaton: the longest run of steps that has been seen before, and what came after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Self

from specbench.core.relevant import relevant_message, relevant_traces
from specbench.core.types import Message, Prediction, ToolSpec, Trace
from specbench.predictors.base import Predictor, Session, ranked
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.call_templates import call_of, template_of

__all__ = ["SuffixAutomaton", "SuffixPredictor"]

REPLY, USER, START = "<reply>", "<user>", "<start>"
MOST_STATES = 200_000
WORTH = 0.005
"""Templates less probable than this are not filled."""


class SuffixAutomaton:
    """All runs of symbols of many sequences, with how often each came, in space proportional to the sequences.

    References
    ----------
    A. Blumer et al. (1985), *The smallest automaton recognizing the subwords of a text*, Theoretical Computer Science.

    Examples
    --------
    >>> runs = SuffixAutomaton()
    >>> for _ in range(3):
    ...     runs.add(["a", "b", "c"])
    >>> runs.add(["x", "b", "d"])
    >>> sorted(runs.after(runs.match(["a", "b"])).items()), sorted(runs.after(runs.match(["q", "b"])).items())
    ([('c', 3)], [('c', 3), ('d', 1)])
    """

    def __init__(self) -> None:
        self.next: list[dict[str, int]] = [{}]
        self.link: list[int] = [-1]
        self.length: list[int] = [0]
        self.count: list[int] = [0]

    def add(self, symbols: Sequence[str]) -> None:
        """Take in one sequence."""
        last = 0
        for symbol in symbols:
            last = self._extend(last, symbol)
            state = last
            while state > 0:
                self.count[state] += 1
                state = self.link[state]

    def match(self, symbols: Sequence[str]) -> int:
        """Return the state of the longest suffix of ``symbols`` that is known; 0 is the empty one."""
        state = 0
        for symbol in symbols:
            while state and symbol not in self.next[state]:
                state = self.link[state]
            state = self.next[state].get(symbol, 0)
        return state

    def after(self, state: int) -> dict[str, int]:
        """Return the symbols that came after the runs of a state, with how often."""
        return {symbol: self.count[to] for symbol, to in self.next[state].items()}

    def shorter(self, state: int) -> Iterator[int]:
        """Yield a state and those of its shorter and shorter suffixes."""
        while state >= 0:
            yield state
            state = self.link[state]

    def _extend(self, last: int, symbol: str) -> int:
        known = self.next[last].get(symbol)
        if known is not None:
            return known if self.length[known] == self.length[last] + 1 else self._split(last, symbol, known)
        made = self._make(self.length[last] + 1, {}, 0)
        state = last
        while state >= 0 and symbol not in self.next[state]:
            self.next[state][symbol] = made
            state = self.link[state]
        if state >= 0:
            other = self.next[state][symbol]
            self.link[made] = (
                other if self.length[other] == self.length[state] + 1 else self._split(state, symbol, other)
            )
        return made

    def _split(self, state: int, symbol: str, other: int) -> int:
        made = self._make(self.length[state] + 1, dict(self.next[other]), self.link[other])
        self.count[made] = self.count[other]
        self.link[other] = made
        while state >= 0 and self.next[state].get(symbol) == other:
            self.next[state][symbol] = made
            state = self.link[state]
        return made

    def _make(self, length: int, follow: dict[str, int], link: int) -> int:
        self.next.append(follow)
        self.link.append(link)
        self.length.append(length)
        self.count.append(0)
        return len(self.next) - 1


class SuffixPredictor(Predictor):
    """A suffix automaton over call templates.

    The steps of a conversation are its calls as templates (tool, and where each argument came from), replies and user
    turns. The longest suffix of the steps so far that training has seen says what comes next; shorter ones get the
    share that Witten–Bell smoothing leaves.

    Examples
    --------
    >>> from specbench.core.types import DecisionPoint, ToolCall
    >>> def talk(order):
    ...     call = ToolCall("get", {"id": order})
    ...     return Trace(order, order, "doc", (Message("user", f"{order}?"), Message("assistant", tool_calls=(call,))))
    >>> suffix = SuffixPredictor().fit([talk("#W12"), talk("#W34"), talk("#W56")])
    >>> suffix.predict(DecisionPoint("t", 0, (Message("user", "#W78?"),)))[0].call.key
    'get({"id":"#W78"})'
    """

    name = "suffix"
    about = "suffix automaton over calls with argument templates"

    def __init__(self) -> None:
        self.sequences: list[list[str]] = []
        self.runs = SuffixAutomaton()

    def fit(self, traces: Collection[Trace]) -> Self:
        """Take in the steps of ``traces``."""
        self.sequences, self.runs = [], SuffixAutomaton()
        for trace in relevant_traces(traces):
            session = SuffixSession(self, {})
            for message in trace.messages:
                session.observe(message)
            self._add(session.steps)
        self.fitted = True
        return self

    def _add(self, steps: list[str]) -> None:
        if len(self.runs.next) < MOST_STATES:
            self.sequences.append(steps)
            self.runs.add(steps)

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return SuffixSession(self, tools)

    def state(self) -> dict[str, Any]:
        """Return the sequences of steps."""
        return {"sequences": self.sequences}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take in sequences of steps."""
        self.sequences, self.runs = [], SuffixAutomaton()
        for steps in state["sequences"]:
            self._add(list(steps))
        self.fitted = True


class SuffixSession(Session):
    """A live conversation of a :class:`SuffixPredictor`."""

    def __init__(self, predictor: SuffixPredictor, tools: Mapping[str, ToolSpec]) -> None:
        self.predictor, self.tools = predictor, tools
        self.index = ContextIndex()
        self.steps = [START]

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        message = relevant_message(message, self.tools)
        if message.role == "user":
            self.steps.append(USER)
        elif message.role == "assistant":
            for call in message.tool_calls:
                template = template_of(call, self.index) if call.invalid_arguments is None else None
                self.steps.append(template or f"<{call.name}>")
            if not message.tool_calls:
                self.steps.append(REPLY)
        self.index.append(message)

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the calls that the templates after the longest known suffixes make now."""
        runs = self.predictor.runs
        chances: dict[str, float] = {}
        rest = 1.0
        for state in runs.shorter(runs.match(self.steps)):
            after = {symbol: count for symbol, count in runs.after(state).items() if symbol not in (USER, START)}
            total = sum(after.values())
            if not total:
                continue
            keep = rest * total / (total + len(after))
            for symbol, count in after.items():
                chances[symbol] = chances.get(symbol, 0.0) + keep * count / total
            rest -= keep
        out: dict[Any, float] = {}
        for symbol, p in sorted(chances.items(), key=lambda item: (-item[1], item[0])):
            if symbol == REPLY:
                out[None] = out.get(None, 0.0) + p
            elif p >= WORTH and symbol[0] == "[":
                call = call_of(symbol, self.index)
                if call is not None and (not self.tools or call.name in self.tools):
                    out[call] = out.get(call, 0.0) + p
        return ranked([Prediction(call, min(p, 1.0)) for call, p in out.items()], k)
