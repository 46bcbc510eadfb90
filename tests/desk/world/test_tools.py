"""The desk's tools for the executor: keys that are true, latency that scales, the same results as the desk's."""

import json
import random

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, Message, ToolCall
from specbench.desk.world.desk import DeskError, SupportDesk
from specbench.desk.world.tools import KEYS, DeskLatency, desk_tools
from specbench.runtime import Executor
from specbench.speculation import Traits
from specbench.speculation.traits import touches
from specbench.testing.clock import run_virtual


def calls_on(desk, rng):
    """Reads and writes that make sense for one customer, and for his neighbours."""
    reads, writes = [], []
    for user_id in rng.sample(desk.user_ids(), 3):
        customer = desk.call("get_customer", {"user_id": user_id})
        name = {key: customer[key] for key in ("first_name", "last_name")}
        reads += [
            ToolCall("get_customer", {"user_id": user_id}),
            ToolCall("find_customer_by_email", {"email": customer["email"]}),
            ToolCall("find_customer_by_name_zip", {**name, "zip": customer["address"]["zip"]}),
            ToolCall("get_order_history", {"user_id": user_id}),
            ToolCall("get_tickets", {"user_id": user_id}),
            ToolCall("get_preferences", {"user_id": user_id}),
        ]
        address = {"street": "1 New Road", "city": "Nowhere", "state": "NV", "zip": "00001"}
        writes += [
            ToolCall("update_address", {"user_id": user_id, **address}),
            ToolCall("create_ticket", {"user_id": user_id, "subject": "x", "priority": "low"}),
            ToolCall("update_preferences", {"user_id": user_id, "language": "German", "newsletter": False}),
        ]
        for row in desk.call("get_order_history", {"user_id": user_id}):
            order_id = row["order_id"]
            order = desk.call("get_order", {"order_id": order_id})
            item = order["items"][0]["product_id"]
            reads += [
                ToolCall("get_order", {"order_id": order_id}),
                ToolCall("track_shipment", {"order_id": order_id}),
                ToolCall("get_product", {"product_id": item}),
            ]
            new = desk.call("search_products", {"category": rng.choice(["audio", "toys"])})[0]["product_id"]
            reads.append(ToolCall("get_product", {"product_id": new}))
            writes += [
                ToolCall("cancel_order", {"order_id": order_id, "reason": "other"}),
                ToolCall(
                    "return_items", {"order_id": order_id, "product_ids": [item], "refund_method": "store credit"}
                ),
                ToolCall("exchange_item", {"order_id": order_id, "product_id": item, "new_product_id": new}),
                ToolCall("issue_refund", {"order_id": order_id, "amount": 1.0, "reason": "x"}),
                ToolCall("update_address", {"user_id": user_id, "order_id": order_id, **address}),
            ]
    reads += [ToolCall("search_products", {"category": "audio"}), ToolCall("search_products", {"category": "toys"})]
    return reads, writes


def result_of(desk, call):
    try:
        return desk.call(call.name, call.arguments)
    except DeskError as error:
        return str(error)


def test_a_write_that_changes_what_a_read_returns_touches_it():
    rng, changed = random.Random(1), 0
    with SupportDesk(seed=3, customers=20) as desk:
        reads, writes = calls_on(desk, rng)
        before = {call: result_of(desk, call) for call in reads}
        for write in writes:
            with desk.copy() as other:
                result_of(other, write)
                for read in reads:
                    if result_of(other, read) != before[read]:
                        changed += 1
                        traits = (Traits(keys=KEYS[call.name]) for call in (write, read))
                        assert touches(write, next(traits), read, next(traits)), (write, read)
    assert changed > 25


def test_every_tool_but_the_local_ones_has_keys():
    with SupportDesk(seed=3, customers=2) as desk:
        assert set(KEYS) == {name for name, spec in desk.tools.items() if spec.effect is not Effect.LOCAL}


def test_the_order_history_takes_three_seconds_and_says_what_the_desk_says():
    async def look(desk, tools):
        async with Executor(tools) as executor:
            user_id = desk.user_ids()[0]
            call = ToolCall("get_order_history", {"user_id": user_id})

            async def think():
                return call

            point = DecisionPoint("t", 0, (Message("user", "hi"),), executor.tools.specs)
            step = await executor.run_step(point, think)
            return json.loads(step.results[0].text), desk.call(call.name, call.arguments), step.outcome

    with SupportDesk(seed=3, customers=2) as desk:
        got, true, outcome = run_virtual(look, desk, desk_tools(desk, DeskLatency(sigma=0.0)))
    assert got == true
    assert outcome.tool_s == pytest.approx(3.0)


def test_latency_is_seeded_spread_and_scales():
    one, two = DeskLatency(seed=1), DeskLatency(scale=0.001, seed=1)
    draws = [one.seconds("get_order", {"order_id": f"D{number}"}) for number in range(400)]
    assert sorted(draws)[200] == pytest.approx(1.0, rel=0.1) and max(draws) > 1.5
    assert two.seconds("get_order", {"order_id": "D1"}) == pytest.approx(draws[1] / 1000)
    assert one.seconds("get_order", {"order_id": "D1"}) == draws[1]
    with pytest.raises(ConfigError, match="scale is -1"):
        DeskLatency(scale=-1)
