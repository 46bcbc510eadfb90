"""Parts by name: predictors, trace readers, policies, latency models, embeddings, LLMs; built in, or from elsewhere.

A built-in part is one file and one line in this module. A part from another package is an entry point of that package
(``[project.entry-points."specbench.predictors"]``, ``mine = "my_package:Mine"``), or is written out as
``my_package:Mine`` wherever a name is taken. Everything that lists parts (help, menus, tables, colours) asks here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from specbench.core.errors import ConfigError, PluginWarning, in_words

__all__ = ["BACKENDS", "EMBEDDINGS", "LATENCIES", "POLICIES", "PREDICTORS", "SOURCES", "Registry", "import_part"]


class Registry:
    """The parts of one kind, by name: the built-in ones first, then those of installed packages.

    Nothing is imported until a part is asked for. A part of another package that cannot be loaded, or that takes the
    name of another part, is left out and named in a :class:`~specbench.core.errors.PluginWarning`; the others work on.

    Parameters
    ----------
    kind
        What a part is, in error messages: ``predictor``.
    group
        The entry point group that other packages use.
    built_in
        Name → ``module:attribute``.
    hint
        What else may be written, for the error message.

    Examples
    --------
    >>> "markov" in PREDICTORS, "tfidf" in EMBEDDINGS
    (True, True)
    >>> POLICIES.load("threshold").__name__
    'Threshold'
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, str], hint: str = "") -> None:
        self.kind, self.group, self.built_in, self.hint = kind, group, dict(built_in), hint
        self._plugins: dict[str, EntryPoint] | None = None
        self._broken: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        yield from self.built_in
        yield from (name for name in self._found() if name not in self._broken)

    def __contains__(self, name: object) -> bool:
        return name in self.built_in or (name in self._found() and name not in self._broken)

    def __repr__(self) -> str:
        return f"<{self.kind}s: {', '.join(self)}>"

    def load(self, name: str, *, imports: bool = True) -> Any:
        """Return the class (or whatever makes the part) of that name, or of ``module:attribute``.

        Parameters
        ----------
        name
            The name.
        imports
            ``False`` for a name that comes from a file: it must be a built-in part or one of an installed package, and
            cannot make Python import anything else.

        Raises
        ------
        ConfigError
            When there is none, or it cannot be loaded.
        """
        if name in self.built_in:
            return import_part(self.built_in[name])
        plugin = self._found().get(name)
        try:
            if plugin is not None:
                return plugin.load()
            if imports and ":" in name:
                return import_part(name)
        except (Exception, SystemExit) as error:
            where = f" ({plugin.value})" if plugin is not None else ""
            raise ConfigError(
                f"the {self.kind} {name!r}{where} cannot be loaded: {in_words(error)}; repair or "
                "uninstall the package that it comes from"
            ) from error
        raise self.unknown(name)

    def loaded(self) -> dict[str, Any]:
        """Return every part by name; those that cannot be loaded are left out, with a warning."""
        parts = {}
        for name in list(self):
            try:
                parts[name] = self.load(name)
            except ConfigError as error:
                if name in self.built_in:
                    raise
                self.leave_out(name, str(error))
        return parts

    def leave_out(self, name: str, why: str) -> None:
        """Do without the part of another package from now on, and say so."""
        self._broken.add(name)
        warnings.warn(f"{why}; it is left out", PluginWarning, stacklevel=3)

    def split(self, text: str) -> tuple[str, str]:
        """Split ``NAME:ARGUMENT`` or ``module:attribute:ARGUMENT`` into the part's name and the argument's text.

        Examples
        --------
        >>> BACKENDS.split("openai:qwen@http://localhost:8000/v1")
        ('openai', 'qwen@http://localhost:8000/v1')
        >>> POLICIES.split("my_package:Mine:0.5")
        ('my_package:Mine', '0.5')
        """
        name, _, rest = text.strip().partition(":")
        if name in self or not rest:
            return name, rest
        attribute, _, argument = rest.partition(":")
        if not all(part.isidentifier() for part in (*name.split("."), *attribute.split("."))):
            raise self.unknown(name)
        return f"{name}:{attribute}", argument

    def make(self, text: str, *, imports: bool = True, **options: Any) -> Any:
        """Return a new part from its text form: ``NAME``, ``NAME:ARGUMENT`` or ``module:attribute[:ARGUMENT]``.

        An argument is handed to the class's ``from_argument``; without one the class is called with the options.
        ``imports`` is that of :meth:`load`.

        Raises
        ------
        ConfigError
            When there is no such part, or it does not take the argument or the options.
        """
        name, argument = self.split(text)
        factory = self.load(name, imports=imports)
        if argument:
            if not hasattr(factory, "from_argument"):
                raise ConfigError(f"the {self.kind} {name!r} takes nothing after a colon; got {argument!r}")
            factory, options = factory.from_argument, {"argument": argument, **options}
        try:
            return factory(**options)
        except TypeError as error:
            hint = f"; use {self.hint}" if self.hint else ""
            raise ConfigError(f"the {self.kind} {text!r} does not take these options: {error}{hint}") from error

    def unknown(self, name: str) -> ConfigError:
        """Return the error for a name that no part has."""
        hint = f"{self.hint}, " if self.hint else ""
        return ConfigError(
            f"no {self.kind} is called {name!r}; use one of {', '.join(self)} ({hint}or package.module:Class for one "
            "of your own)"
        )

    def _found(self) -> dict[str, EntryPoint]:
        if self._plugins is None:
            self._plugins = {}
            for entry in entry_points(group=self.group):
                if entry.name in self.built_in or entry.name in self._plugins:
                    warnings.warn(
                        f"the {self.kind} {entry.name!r} ({entry.value}) takes a name that another {self.kind} has, so "
                        "it is left out; rename it, or use it as package.module:Class",
                        PluginWarning,
                        stacklevel=3,
                    )
                else:
                    self._plugins[entry.name] = entry
        return self._plugins


def import_part(place: str) -> Any:
    """Return what stands at ``module:attribute``."""
    module, _, attribute = place.partition(":")
    found: Any = import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


PREDICTORS = Registry(
    "predictor",
    "specbench.predictors",
    {
        "markov": "specbench.predictors.counting.markov:MarkovPredictor",
        "ngram": "specbench.predictors.counting.ngram:NgramPredictor",
        "patterns": "specbench.predictors.counting.patterns:PatternPredictor",
        "suffix": "specbench.predictors.counting.suffix:SuffixPredictor",
        "nearest": "specbench.predictors.counting.nearest:NearestPredictor",
        "cached": "specbench.predictors.counting.cached:CachedPredictor",
        "learned": "specbench.predictors.learned.predictor:LearnedPredictor",
        "llm": "specbench.predictors.llm_draft:LLMDraftPredictor",
        "silent": "specbench.predictors.controls:Silent",
        "wrong": "specbench.predictors.controls:Wrong",
        "blind": "specbench.predictors.controls:Blind",
        "frequent": "specbench.predictors.controls:MostFrequent",
        "repeat": "specbench.predictors.controls:RepeatLast",
        "oracle": "specbench.predictors.controls:Oracle",
    },
    hint="NAME+FILLER for another argument filler, llm:BACKEND for a language model",
)
"""Guess the next tool call; see :class:`specbench.predictors.Predictor`."""

SOURCES = Registry(
    "trace format",
    "specbench.sources",
    {
        "specbench_jsonl": "specbench.traces.sources.specbench_jsonl:SpecbenchJsonl",
        "tau_bench": "specbench.traces.sources.tau_bench:TauBench",
        "sgd": "specbench.traces.sources.sgd:SGD",
        "openai_chat": "specbench.traces.sources.openai_chat:OpenAIChat",
        "message_lines": "specbench.traces.sources.message_lines:MessageLines",
        "anthropic_messages": "specbench.traces.sources.anthropic_messages:AnthropicMessages",
        "openai_responses": "specbench.traces.sources.openai_responses:OpenAIResponses",
        "gemini": "specbench.traces.sources.gemini:Gemini",
        "langchain": "specbench.traces.sources.langchain:LangChain",
        "langgraph": "specbench.traces.sources.langgraph:LangGraph",
        "sharegpt": "specbench.traces.sources.sharegpt:ShareGPT",
        "claude_code": "specbench.traces.sources.claude_code:ClaudeCode",
        "codex": "specbench.traces.sources.codex:Codex",
        "copilot": "specbench.traces.sources.copilot:Copilot",
        "tau2": "specbench.traces.sources.tau2:Tau2",
        "mini_swe_agent": "specbench.traces.sources.mini_swe_agent:MiniSweAgent",
        "swe_agent": "specbench.traces.sources.swe_agent:SweAgent",
        "openhands": "specbench.traces.sources.openhands:OpenHands",
        "inspect_ai": "specbench.traces.sources.inspect_ai:InspectAI",
        "google_adk": "specbench.traces.sources.google_adk:GoogleADK",
        "agentdojo": "specbench.traces.sources.agentdojo:AgentDojo",
        "langfuse": "specbench.traces.sources.langfuse:Langfuse",
        "langsmith": "specbench.traces.sources.langsmith:LangSmith",
        "opentelemetry": "specbench.traces.sources.otel:OpenTelemetry",
        "parquet": "specbench.traces.sources.parquet:Parquet",
    },
)
"""Read trace files; see :class:`specbench.traces.sources.Source`."""

POLICIES = Registry(
    "policy",
    "specbench.policies",
    {
        "never": "specbench.policies.base:Never",
        "always": "specbench.policies.base:always",
        "threshold": "specbench.policies.base:Threshold",
        "topk": "specbench.policies.base:TopK",
        "ev": "specbench.policies.value:ExpectedValue",
    },
    hint="threshold:P[,K], topk:K, ev:WASTE[,K]; then perhaps +launches:N, +wasted:SECONDS, +entities:N",
)
"""Decide what to launch; see :class:`specbench.policies.Policy`."""

LATENCIES = Registry(
    "latency model",
    "specbench.latencies",
    {
        "constant": "specbench.sim.latency.models:Constant",
        "lognormal": "specbench.sim.latency.models:LogNormal",
        "tokens": "specbench.sim.latency.from_traces:ByTokens",
        "profile": "specbench.sim.latency.profile:ByProfile",
        "empirical": "specbench.sim.latency.from_traces:Empirical",
        "fitted": "specbench.sim.latency.fitted:Fitted",
        "measured": "specbench.sim.latency.measured:Measured",
        "auto": "specbench.sim.latency.measured:Auto",
    },
    hint="auto (measured where the traces carry seconds, else constant:2,1), constant:THINK,TOOL[,USER], "
    "lognormal:THINK,TOOL,SIGMA[,USER], tokens:PREFILL,DECODE,TOOL[,USER] (tokens a second), "
    "profile:FILE.json,TOOL[,USER][,batch=N] (what `specbench profile-llm` wrote), empirical (drawn from recorded "
    "seconds), fitted (log-normal, fitted to them tool by tool), measured (each decision's own recorded seconds); "
    "all in seconds",
)
"""Say how long LLM, tools and user take; see :class:`specbench.sim.Latency`."""

EMBEDDINGS = Registry(
    "embedding",
    "specbench.embeddings",
    {
        "tfidf": "specbench.embed.tfidf:TfidfEmbedding",
        "hashing": "specbench.embed.hashing:HashingEmbedding",
        "sentence": "specbench.embed.sentence:SentenceEmbedding",
        "hidden": "specbench.embed.hidden:HiddenStateEmbedding",
    },
    hint="sentence:FOLDER and hidden:FOLDER read a model of yours",
)
"""Turn a text into a vector; see :class:`specbench.embed.Embedding`."""

BACKENDS = Registry(
    "LLM",
    "specbench.backends",
    {
        "micro": "specbench.llm.registry:micro_backend",
        "transformers": "specbench.llm.backends.transformers_local:TransformersBackend",
        "openai": "specbench.llm.backends.openai_http:OpenAIBackend",
    },
    hint="transformers:FOLDER_OR_ID, openai:MODEL@URL; without @URL, OPENAI_BASE_URL counts",
)
"""Language models; see :class:`specbench.llm.Backend`."""
