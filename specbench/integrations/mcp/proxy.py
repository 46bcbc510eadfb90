"""The proxy: its settings, and what its sessions share (recorder, ledger, what was learned)."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import anyio.to_thread

from specbench.core.errors import ConfigError, in_words
from specbench.core.ledger import Ledger
from specbench.core.types import ToolSpec
from specbench.integrations.mcp.governor import Budget, Governed, Governor, Mode
from specbench.integrations.mcp.ledger_file import LedgerFile
from specbench.integrations.mcp.listed import ListedTools
from specbench.integrations.mcp.memory import Memory
from specbench.integrations.mcp.session import ProxySession
from specbench.integrations.mcp.status import Status
from specbench.integrations.mcp.talk import Talk
from specbench.integrations.mcp.wires import Wire
from specbench.integrations.taking import taking
from specbench.policies import Estimates, Policy
from specbench.predictors import Predictor
from specbench.runtime import Executor, Tool
from specbench.speculation import Breaker, Limit, Options, Traits
from specbench.traces.effects import Declared, Effects, read_effects
from specbench.traces.recorder import Recorder

__all__ = ["Proxy", "ProxySettings"]

_log = logging.getLogger("specbench.mcp")

FLUSH_S = 5.0
"""How often the rows of the ledger are written; a process that is killed loses those since then."""
BREAKER = Breaker(window=20, at_least=6)
"""A session is short: a breaker that looks at fifty attempts would never trip."""
SELDOM = 12
"""So many times less often: what was learned, and the status line."""


@dataclass(frozen=True)
class ProxySettings:
    """What the proxy does beside passing everything on.

    Parameters
    ----------
    mode
        ``record-only`` guesses nothing; ``shadow`` guesses and counts, and runs nothing; ``canary`` is ``on`` for a
        share of the sessions and ``shadow`` for the others; ``on`` runs guesses.
    predictor
        A name, the folder of a checkpoint, or a fitted predictor.
    policy
        What to launch, or its text form.
    effects
        What the tools do; without a declaration nothing of a tool is guessed.
    trust_annotations
        Let the server's own ``readOnlyHint`` count where nothing is declared.
    record, ledger, state
        Folder of the traces, file of the ledger, folder of what was learned; ``None`` writes none (in record-only
        mode: traces into ``~/.specbench/traces``).
    ttl_s
        Seconds from its launch on that the result of a guess may be used.
    budget, canary_share, seed, off_file
        See :class:`~specbench.integrations.mcp.governor.Governor`.
    limits
        Rate limits by tool; guesses keep to a part of each.
    breaker
        Stop guessing while the guesses keep missing.
    ignore_meta
        Members of a call's ``_meta`` that may differ between guess and call.
    k
        Predictions to ask for at each decision.
    tell
        Gets the status line.

    Examples
    --------
    >>> ProxySettings(mode="shadow").mode
    <Mode.SHADOW: 'shadow'>
    """

    mode: Mode | str = Mode.ON
    predictor: str | Predictor = "patterns"
    policy: Policy | str = "threshold:0.6"
    effects: Effects = field(default_factory=dict)
    trust_annotations: bool = False
    record: Path | None = None
    ledger: Path | None = None
    state: Path | None = None
    ttl_s: float = 30.0
    budget: Budget = field(default_factory=lambda: Budget(share=0.5))
    canary_share: float = 0.1
    seed: int = 0
    off_file: Path | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    breaker: bool = True
    ignore_meta: tuple[str, ...] = ()
    k: int = 8
    tell: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "mode", Mode(self.mode))
        except ValueError:
            raise ConfigError(f"the mode is one of {', '.join(Mode)}; got {self.mode!r}") from None
        object.__setattr__(self, "policy", Policy.from_text(self.policy))
        if not self.ttl_s > 0:
            raise ConfigError(f"ttl_s is seconds above 0; got {self.ttl_s!r}")
        if self.mode is Mode.RECORD_ONLY and self.record is None:
            object.__setattr__(self, "record", Path.home() / ".specbench" / "traces")
        Governor(Mode.ON, share=self.canary_share)

    @property
    def declared(self) -> dict[str, Declared]:
        """What is declared of each tool."""
        return read_effects(self.effects)


class Proxy:
    """Serves any number of sessions; use it as an async context manager.

    Parameters
    ----------
    settings
        What to do.
    server
        Name of the server, for traces, ledgers and what is learned.
    """

    def __init__(self, settings: ProxySettings, server: str) -> None:
        self.settings, self.server = settings, server
        self._declared = settings.declared
        self._memory = Memory(settings.predictor, settings.state)
        self._ledger = None if settings.ledger is None else LedgerFile(settings.ledger)
        self._recorder = None if settings.record is None else Recorder(settings.record)
        self._sessions: dict[str, dict[str, Any]] = {}
        self._live: set[ProxySession] = set()
        self._told, self._new = "", False
        self._expected = Estimates()
        self.status = Status(str(settings.mode))

    async def __aenter__(self) -> Proxy:
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._keep_writing)
        return self

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        self._group.cancel_scope.cancel()
        try:
            return await self._group.__aexit__(kind, error, trace)
        finally:
            self._tell()
            if self._recorder is not None:
                self._recorder.close()

    def switch(self) -> None:
        """Turn guessing off in all sessions, or on again."""
        for session in self._live:
            session.switch()

    async def serve(self, client: Wire, server: Wire) -> bool:
        """Pass messages on between a client and a server until one of them is gone.

        Returns
        -------
        bool
            Whether the server was gone first.
        """
        settings, name = self.settings, f"{self.server}-{time.strftime('%Y%m%dT%H%M%S')}-{uuid4().hex[:8]}"
        assert isinstance(settings.mode, Mode)
        governor = Governor(
            settings.mode, share=settings.canary_share, seed=settings.seed, session=name,
            off_file=settings.off_file, budget=settings.budget,
        )  # fmt: skip
        session = ProxySession(
            name, client, server,
            listed=ListedTools(self.server, self._declared, trusted=settings.trust_annotations),
            governor=governor,
            talk=Talk(None if self._recorder is None else lambda: self._begin(session), anyio.current_time),
            open_executor=None if governor.mode is Mode.RECORD_ONLY else self._executor,
            take_rows=lambda rows: self._take(session, rows), ignore_meta=settings.ignore_meta,
        )  # fmt: skip
        self._live.add(session)
        try:
            await session.run()
        finally:
            self._live.discard(session)
            self._write()  # whoever has started this process may not wait long for its end
        return session.server_left

    def _begin(self, session: ProxySession) -> Any:
        """Begin the recording of a session."""
        assert self._recorder is not None
        return self._recorder.talk(
            session.trace_id, tools=session.listed.specs, agent=session.client_name, metadata=self._about(session)
        )

    def _about(self, session: ProxySession) -> dict[str, Any]:
        return {"client": session.client_name, "server": self.server, "mode": str(session.governor.mode)}

    @asynccontextmanager
    async def _executor(self, session: ProxySession) -> AsyncIterator[Executor]:
        """Open an executor for the tools that the server has listed."""
        settings, governor = self.settings, session.governor
        await session.tools_known()
        predictor = await self._predictor(session.client_name)
        traits = Traits(scope="shared", max_staleness_s=settings.ttl_s)
        assert isinstance(settings.policy, Policy)

        def tool(spec: ToolSpec) -> Tool:
            async def run(**arguments: Any) -> Any:
                began = anyio.current_time()
                try:
                    return await session.guess(executor, spec.name, arguments)
                finally:
                    governor.guessed_s += anyio.current_time() - began

            return Tool(spec, taking(run, spec.parameters.get("properties")), traits)

        executor = Executor(
            [tool(spec) for spec in session.listed.specs.values()], predictor,
            Governed(settings.policy, governor, session.guesses.asks_client), expected=self._expected, k=settings.k,
            learn=True,
            options=Options(
                carry_ttl_s=settings.ttl_s,
                limits={name: limit for name, limit in settings.limits.items() if name in session.listed.specs},
                breaker=BREAKER if settings.breaker else None,
            ),
        )  # fmt: skip
        async with executor:
            yield executor

    async def _predictor(self, client: str) -> Predictor:
        """Return the predictor for a client; a checkpoint takes its time to load."""
        try:
            if isinstance(self.settings.predictor, str):
                return await anyio.to_thread.run_sync(self._memory.predictor, client, self.server)
            return self._memory.predictor(client, self.server)
        except Exception as error:
            self._trouble("predictor", f"nothing is guessed: the predictor cannot be loaded: {in_words(error)}")
            raise

    # --- what is written --------------------------------------------------------------------------------------------

    def _take(self, session: ProxySession, rows: Ledger) -> None:
        self._sessions[session.trace_id] = self._about(session)
        self.status.take(rows)
        if rows.outcomes or rows.speculations:
            self._new = True
            if self._ledger is not None:
                self._ledger.add(rows)

    async def _keep_writing(self) -> None:
        for turn in count(1):
            await anyio.sleep(FLUSH_S)
            if self._ledger is not None:
                rows = self._ledger.take()
                error = await anyio.to_thread.run_sync(self._write_rows, rows, dict(self._sessions))
                self._written(rows, error)
            if turn % SELDOM == 0:
                self._keep()
                self._tell()

    def _write(self) -> None:
        if self._ledger is not None:
            rows = self._ledger.take()
            self._written(rows, self._write_rows(rows, self._sessions))
        self._keep()

    def _write_rows(self, rows: Ledger, sessions: dict[str, Any]) -> Exception | None:
        """Write rows of the ledger; returns why that failed. It must not end a session: calls may be at work."""
        assert self._ledger is not None
        try:
            self._ledger.write(rows, sessions)
        except Exception as error:
            return error
        return None

    def _written(self, rows: Ledger, error: Exception | None) -> None:
        """Take note of a try to write rows: those that are not in the file are tried again, which is said once."""
        assert self._ledger is not None
        if error is None:
            if rows.outcomes or rows.speculations:
                self.status.troubles.pop("ledger", None)
            return
        self._ledger.put_back(rows)
        self._trouble("ledger", f"the ledger {self._ledger.path} cannot be written: {in_words(error)}")

    def _trouble(self, part: str, words: str) -> None:
        """Say once that a part does not work; all else goes on."""
        if part not in self.status.troubles:
            _log.warning("%s", words)
            self.status.troubles[part] = words
            self._tell()

    def _keep(self) -> None:
        """Keep what was learned, if that is new."""
        if self._new:
            self._new = False
            self._memory.save()

    def _tell(self) -> None:
        line = self.status.line()
        if self.settings.tell is not None and line != self._told:
            self.settings.tell(line)
            self._told = line
