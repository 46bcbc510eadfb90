"""Results belong to their caller, and to the moment between the writes around them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Message, ToolSpec
from specbench.policies import TopK
from specbench.runtime import CacheWarmer, Executor, Tool, Warmer
from specbench.speculation import Options, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Says, call, point, sure, thinks

USER: ContextVar[Any] = ContextVar("user", default="nobody")
backends = pytest.mark.parametrize("backend", BACKENDS)


def account(traits: Traits) -> Tool:
    async def run() -> str:
        await anyio.sleep(0.5)
        return f"account of {USER.get()}"

    return Tool(ToolSpec("account", effect=Effect.READ), run, traits)


async def hello() -> str:
    return "hi"


HELLO = Tool(ToolSpec("hello", effect=Effect.READ), hello)
RULE = Warmer("hello", lambda *_: [call("account")], ttl_s=60)


@backends
@pytest.mark.parametrize("traits", [Traits(), Traits(cache_ttl_s=60), Traits(scope=lambda: USER.get())])
def test_a_result_that_waits_is_not_given_to_another_user(backend: str, traits: Traits) -> None:
    """One conversation is handed over to another user: what was carried or cached is the first one's."""

    async def main() -> None:
        options = Options(carry_ttl_s=60)
        async with Executor([account(traits)], Says(sure(call("account"))), TopK(1), options=options) as executor:
            USER.set("ann")
            step = await executor.run_step(point(executor), thinks(1.0, text="One moment."))
            step = await executor.run_step(step.next_point(), thinks(0.0, call("account")))
            assert (step.results[0].value, step.results[0].speculated) == ("account of ann", True)
            USER.set("bob")
            step = await executor.run_step(step.next_point(Message("user", "now Bob")), thinks(0.0, call("account")))
            assert step.results[0].value == "account of bob"

    run_virtual(main, backend=backend)


@backends
@pytest.mark.parametrize(
    ("traits", "hits"), [(Traits(), 1), (Traits(scope=lambda: USER.get()), 2), (Traits(scope="shared"), 3)]
)
def test_whom_warm_results_serve(backend: str, traits: Traits, hits: int) -> None:
    """Ann, Bob, and Ann again in a third conversation: warmed in the first and second one alone."""

    async def main() -> None:
        warmer = CacheWarmer([RULE])
        seen = []
        async with Executor([HELLO, account(traits)], warmer=warmer) as executor:
            for trace_id, user, asks in (
                ("a", "ann", ["hello", "account"]),
                ("b", "bob", ["account"]),
                ("c", "ann", ["account"]),
            ):
                USER.set(user)
                at = point(executor, trace_id=trace_id)
                for name in asks:
                    step = await executor.run_step(at, thinks(1.0, call(name)))
                    at = step.next_point()
                seen.append(step.results[0].value)
        assert warmer.stats.hits == hits
        assert seen == [f"account of {'ann' if hits == 3 else user}" for user in ("ann", "bob", "ann")]

    run_virtual(main, backend=backend)


class User:
    """Who is signed in, as an object."""

    def __init__(self, name: str) -> None:
        self.name = name


@backends
@pytest.mark.parametrize(
    "make", [User, lambda name: {"name": name}, lambda name: [("name", name)], lambda name: {name}]
)
def test_a_caller_may_be_an_object_or_a_collection(backend: str, make: Any) -> None:
    async def main() -> None:
        async def whoami() -> str:
            value = USER.get()
            return value.name if isinstance(value, User) else str(value)

        tool = Tool(ToolSpec("whoami", effect=Effect.READ), whoami, Traits(cache_ttl_s=60))
        async with Executor([tool], Says(sure(call("whoami"))), TopK(1), options=Options(carry_ttl_s=60)) as executor:
            USER.set(make("ann"))
            step = await executor.run_step(point(executor), thinks(1.0, call("whoami")))
            step = await executor.run_step(step.next_point(), thinks(1.0, text="One moment."))
            USER.set(make("bob"))
            step = await executor.run_step(step.next_point(), thinks(0.0, call("whoami")))
            assert "bob" in step.results[0].value

    run_virtual(main, backend=backend)


@backends
def test_what_frameworks_keep_in_context_variables_does_not_matter(backend: str) -> None:
    async def main() -> None:
        span: ContextVar[Any] = ContextVar("span")
        async with Executor([account(Traits())], Says(sure(call("account"))), TopK(1)) as executor:

            async def think() -> Any:
                span.set({"number": 7, "run": object()})
                await anyio.sleep(1.0)
                return call("account")

            assert (await executor.run_step(point(executor), think)).results[0].speculated

    run_virtual(main, backend=backend)


@backends
def test_a_caller_that_cannot_be_told_shares_nothing(backend: str) -> None:
    async def main() -> None:
        tool = account(Traits(scope=lambda: 1 / 0))
        async with Executor([tool], Says(sure(call("account"))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("account")))
        assert (step.results[0].error, step.results[0].speculated) == (None, False)

    run_virtual(main, backend=backend)


def test_wrong_scopes_are_told() -> None:
    with pytest.raises(ConfigError, match="scope is one of conversation, shared, or a function"):
        Traits(scope="user")


@backends
@pytest.mark.parametrize("keys", [("order:{order}",), ()])
def test_a_read_that_a_write_overtook_is_not_cached(backend: str, keys: tuple[str, ...]) -> None:
    """It began before the write and ended after it, or beside it; what it saw is the past."""

    async def main(read_s: float, begin_s: float) -> tuple[Any, Any]:
        orders = {"A": "open"}

        async def get(order: str) -> str:
            seen = orders[order]
            await anyio.sleep(read_s)
            return seen

        async def cancel(order: str) -> None:
            await anyio.sleep(1.0)
            orders[order] = "cancelled"
            await anyio.sleep(0.1)

        tools = [
            Tool(ToolSpec("get", effect=Effect.READ), get, Traits(keys, cache_ttl_s=60)),
            Tool(ToolSpec("cancel", effect=Effect.WRITE), cancel, Traits(keys)),
        ]
        async with Executor(tools, options=Options(parallel="all")) as executor:
            step = await executor.open_step(
                point(executor), thinks(0.0, call("get", order="A"), call("cancel", order="A"))
            )
            read, write = step.decided.calls

            async def later(what: Any, wait_s: float) -> None:
                await anyio.sleep(wait_s)
                await step.obtain(what)

            async with anyio.create_task_group() as group:
                group.start_soon(later, read, max(0.0, begin_s))
                group.start_soon(later, write, max(0.0, -begin_s))
            done = await step.finish()
            again = await executor.run_step(done.next_point(), thinks(0.0, call("get", order="A")))
        return done.results[0].value, again.results[0].value

    for read_s, begin_s in ((2.0, -0.5), (0.2, 0.5), (2.0, 0.5), (0.9, 0.1)):
        assert run_virtual(main, read_s, begin_s, backend=backend)[1] == "cancelled"


def test_keys_of_lists_meet_those_of_single_values() -> None:
    from specbench.speculation.traits import touches

    order, orders = Traits(("order:{order}",)), Traits(("order:{ids}",))
    for ids, met in (
        ([7, 8], True),
        (["7"], True),
        ([[9, [7]]], True),
        ([8, 9], False),
        ([], True),
        (list(range(2000)), True),
    ):
        assert touches(call("cancel", ids=ids), orders, call("get", order=7), order) is met
        assert touches(call("set", order=7), order, call("list", ids=ids), orders) is met
