"""A Dask cluster as workers: processes of this machine, or of many.

Whoever may speak to the scheduler of a cluster can run any code on its workers and on the machines that ask it:
functions, arguments and results travel as Dask's own pickles. Trust a cluster as you trust your own machine
(``docs/howto/many_machines.md``). Files of specbench are never pickled.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from specbench.core.display import plural
from specbench.core.errors import ClusterError, ConfigError
from specbench.core.extras import named_extras
from specbench.core.version import __version__
from specbench.core.workers import Workers, busy

__all__ = ["WAIT_S", "Cluster", "cluster", "opened"]

WAIT_S = 30.0
"""Seconds to wait for a scheduler, and for its first worker."""
_SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
_ALLOWED = "local, local:PROCESSES, or the address of a scheduler such as tcp://10.0.0.1:8786"

R = TypeVar("R")
_one_at_a_time = threading.Lock()


class Cluster(Workers):
    """Workers of a Dask cluster; :func:`cluster` makes one. Close it, or use it in a ``with`` block.

    A worker that dies costs the items that it was at: Dask gives them to others. An item that kills one worker after
    the other ends the work with a :class:`~specbench.core.errors.ClusterError`.

    Parameters
    ----------
    client
        A connected ``distributed.Client``, which stays its maker's to close.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self._to_close: list[Any] = []

    def __repr__(self) -> str:
        scheduler = self.client.scheduler
        address = scheduler.address if scheduler is not None else "closed"
        return f"<Cluster {address}: {plural(self.size(), 'worker')}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def size(self) -> int:
        """Return how many workers there are now."""
        return len(self.client.nthreads()) if self.client.status == "running" else 0

    def close(self) -> None:
        """Leave the cluster; one that was started for this object ends."""
        while self._to_close:
            self._to_close.pop().close()

    def hold(self, value: Any) -> Any:
        """Send a value to the scheduler once; workers fetch it from there, or from each other."""
        # Not scattered: what is scattered is lost with the last worker that has it.
        return self._submit(_same, (value,))

    def as_finished(self, function: Callable[..., R], items: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, R]]:
        """Yield places and results; see :class:`~specbench.core.workers.Workers`."""
        from distributed import KilledWorker, as_completed
        from distributed.comm.core import CommClosedError

        version = __version__
        places = {self._submit(_run, (version, function, *item)): place for place, item in enumerate(items)}
        try:
            for future in as_completed(list(places)):
                if future.cancelled():
                    raise ClusterError(f"{self!r} has given up the work; is its scheduler still running?")
                yield places[future], future.result()
                future.release()
        except KilledWorker as error:
            raise ClusterError(
                f"the same part of the work ({function.__name__}) has ended {error.allowed_failures + 1} workers, the "
                f"last at {error.last_worker.address}: most often it needs more memory than a worker may take. What to "
                "do: fewer workers with more memory each (dask worker --memory-limit), or less data"
            ) from error
        except CommClosedError as error:
            raise ClusterError(f"the connection to {self!r} broke ({error}); the same command goes on") from error
        finally:
            # What nobody waits for is given up by the scheduler.
            for future in places:
                future.release()

    def _submit(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        from distributed import Future

        wrapped = [each if isinstance(each, Future) else _Opaque(each) for each in arguments]
        with warnings.catch_warnings():
            # Traces are large; they are sent once, and a lost worker does not lose them.
            warnings.filterwarnings("ignore", message="Sending large graph")
            return self.client.submit(_unwrapped, function, *wrapped, pure=False)


class _Opaque:
    """An argument that Dask does not look into."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _unwrapped(function: Callable[..., R], *arguments: Any) -> R:
    return function(*(each.value if isinstance(each, _Opaque) else each for each in arguments))


def _same(value: R) -> R:
    return value


def _run(version: str, function: Callable[..., R], *arguments: Any) -> R:
    """Run an item on a worker: one at a time, as torch and warnings have settings of the whole process."""
    if version != __version__:
        raise ClusterError(
            f"a worker has specbench {__version__}, and {version} asks it: results could differ. What to do: "
            "install the same version on every machine"
        )
    with _one_at_a_time, busy():
        return function(*arguments)


def cluster(where: str | Any = "local") -> Cluster:
    """Return the workers of a Dask cluster, for ``evaluate``, ``compare`` and ``sweep``.

    Parameters
    ----------
    where
        ``"local"`` starts one process for each core of this machine, ``"local:4"`` four; they end with
        :meth:`Cluster.close` or the ``with`` block, and speak TLS with keys made for them alone.
        ``"tcp://10.0.0.1:8786"`` (or ``tls://…``) is the address of a scheduler that runs already; TLS keys come from
        distributed's own configuration. A ``distributed.Client`` is taken as it is.

    Raises
    ------
    ConfigError
        When ``where`` is none of these.
    ClusterError
        When there is no scheduler at the address, or it has no worker.

    Examples
    --------
    >>> cluster("10.0.0.1:8786")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: '10.0.0.1:8786' is no cluster; use local, local:PROCESSES, or the address of ...
    """
    if not isinstance(where, str):
        with named_extras():
            from distributed import Client
        if not isinstance(where, Client):
            raise ConfigError(f"{where!r} is no cluster; use {_ALLOWED}, or a distributed.Client")
        return Cluster(where)
    scheme, _, rest = where.partition("://")
    name, _, count = where.partition(":")
    if name == "local" and (where == "local" or (count.isdecimal() and int(count) > 0)):
        return _local(int(count) if count else None)
    if scheme in _SCHEMES and rest:
        return _remote(where)
    raise ConfigError(f"{where!r} is no cluster; use {_ALLOWED}")


def _local(count: int | None) -> Cluster:
    with named_extras():
        from dask.system import CPU_COUNT
        from distributed import Client, LocalCluster
    # The scheduler's web page stays on this machine, on any free port. Keys: its other users stay outside.
    started = LocalCluster(
        n_workers=count or CPU_COUNT,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        security=True,
        protocol="tls",
    )
    made = Cluster(Client(started))
    made._to_close = [started, made.client]
    return made


def _remote(address: str) -> Cluster:
    with named_extras():
        from distributed import Client
    remedy = "What to do: start `dask scheduler` and a `dask worker` for each core, see docs/howto/many_machines.md"
    try:
        client = Client(address, timeout=WAIT_S)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(f"no scheduler answers at {address} ({error}). {remedy}") from error
    made = Cluster(client)
    made._to_close = [client]
    try:
        client.wait_for_workers(1, timeout=WAIT_S)
    except TimeoutError:
        made.close()
        raise ClusterError(f"the scheduler at {address} has had no worker for {WAIT_S:g} s. {remedy}") from None
    return made


@contextmanager
def opened(where: str | Cluster | None) -> Iterator[Cluster | None]:
    """Yield the cluster that an argument names; one that is opened here is closed here. ``None`` stays ``None``."""
    if where is None or isinstance(where, Cluster):
        yield where
        return
    with cluster(where) as made:
        yield made
