"""The support desk: tools read and write really, refuse what the rules forbid, and take any text as a value."""

import sqlite3
import threading

import pytest

from specbench.core.types import Effect
from specbench.desk.world.desk import DeskError, SupportDesk
from specbench.desk.world.specs import TOOLS, argument_problem

INJECTION = "'; DROP TABLE orders; --"
RETURN = {"order_id": "D1", "refund_method": "store credit"}


@pytest.fixture
def desk():
    with SupportDesk(seed=3, customers=60) as desk:
        yield desk


def orders(desk, status):
    for user_id in desk.user_ids():
        for row in desk.call("get_order_history", {"user_id": user_id}):
            if row["status"] == status:
                yield desk.call("get_order", {"order_id": row["order_id"]})


def order(desk, status):
    return next(orders(desk, status))


def test_every_effect_is_declared_and_every_tool_described():
    assert {spec.effect for spec in TOOLS.values()} == {Effect.READ, Effect.WRITE, Effect.LOCAL}
    for name, spec in TOOLS.items():
        assert spec.name == name and spec.description
        assert all("type" in schema for schema in spec.properties.values())
        assert spec.required <= set(spec.properties)


def test_customer_is_found_by_email_in_any_case_and_by_name_and_zip(desk):
    user_id = desk.user_ids()[0]
    customer = desk.call("get_customer", {"user_id": user_id})
    assert desk.call("find_customer_by_email", {"email": customer["email"].upper()}) == {"user_id": user_id}
    who = {key: customer[key] for key in ("first_name", "last_name")} | {"zip": customer["address"]["zip"]}
    assert desk.call("find_customer_by_name_zip", who) == {"user_id": user_id}


def test_history_is_newest_first_and_agrees_with_the_orders(desk):
    for user_id in desk.user_ids():
        rows = desk.call("get_order_history", {"user_id": user_id})
        dates = [row["placed_on"] for row in rows]
        assert dates == sorted(dates, reverse=True)
        for row in rows:
            full = desk.call("get_order", {"order_id": row["order_id"]})
            assert (full["total"], len(full["items"]), full["user_id"]) == (row["total"], row["items"], user_id)


def test_a_parcel_is_tracked_by_either_number(desk):
    shipped = order(desk, "shipped")
    by_order = desk.call("track_shipment", {"order_id": shipped["order_id"]})
    assert desk.call("track_shipment", {"tracking_number": shipped["tracking_number"]}) == by_order
    with pytest.raises(DeskError, match="either order_id or tracking_number"):
        desk.call("track_shipment", {})


def test_search_respects_category_and_limit(desk):
    rows = desk.call("search_products", {"category": "kitchen", "max_price": 50})
    assert rows == sorted(rows, key=lambda row: row["price"])
    assert rows and all(row["price"] <= 50 for row in rows)
    for row in rows:
        assert desk.call("get_product", {"product_id": row["product_id"]})["category"] == "kitchen"


def test_cancelling_changes_what_is_read_afterwards(desk):
    before = order(desk, "processing")
    done = desk.call("cancel_order", {"order_id": before["order_id"], "reason": "too slow"})
    assert done["refund"] == before["total"]
    after = desk.call("get_order", {"order_id": before["order_id"]})
    assert (after["status"], after["refunded"]) == ("cancelled", before["total"])
    with pytest.raises(DeskError, match="order is cancelled and cannot be cancelled"):
        desk.call("cancel_order", {"order_id": before["order_id"], "reason": "too slow"})


def test_an_item_is_returned_once_and_only_after_delivery(desk):
    delivered = next(each for each in orders(desk, "delivered") if each["delivered_on"] > "2026-03-01")
    item = delivered["items"][0]
    call = {"order_id": delivered["order_id"], "product_ids": [item["product_id"]], "refund_method": "store credit"}
    assert desk.call("return_items", call)["refund"] == item["price"]
    with pytest.raises(DeskError, match="already returning"):
        desk.call("return_items", call)
    with pytest.raises(DeskError, match="not part of order"):
        desk.call("return_items", call | {"product_ids": ["P0000"]})
    with pytest.raises(DeskError, match="processing, not delivered"):
        desk.call("return_items", call | {"order_id": order(desk, "processing")["order_id"]})
    late = next(each for each in orders(desk, "delivered") if each["delivered_on"] < "2026-02-14")
    with pytest.raises(DeskError, match="30 day return period is over"):
        desk.call(
            "return_items", call | {"order_id": late["order_id"], "product_ids": [late["items"][0]["product_id"]]}
        )


def test_an_exchange_takes_one_from_stock(desk):
    delivered = next(each for each in orders(desk, "delivered") if each["delivered_on"] > "2026-03-01")
    item = delivered["items"][0]["product_id"]
    stocked = {
        row["product_id"]: desk.call("get_product", {"product_id": row["product_id"]})["in_stock"]
        for category in ("audio", "toys", "home", "kitchen")
        for row in desk.call("search_products", {"category": category})
        if row["product_id"] != item
    }
    new = next(product_id for product_id, stock in stocked.items() if stock)
    call = {"order_id": delivered["order_id"], "product_id": item, "new_product_id": new}
    desk.call("exchange_item", call)
    assert desk.call("get_product", {"product_id": new})["in_stock"] == stocked[new] - 1


def test_refunds_never_exceed_what_was_paid_and_a_refusal_changes_nothing(desk):
    shipped = order(desk, "shipped")
    half = round(shipped["total"] / 2, 2)
    desk.call("issue_refund", {"order_id": shipped["order_id"], "amount": half, "reason": "late"})
    with pytest.raises(DeskError, match="at most"):
        desk.call("issue_refund", {"order_id": shipped["order_id"], "amount": shipped["total"], "reason": "late"})
    assert desk.call("get_order", {"order_id": shipped["order_id"]})["refunded"] == half


def test_addresses_preferences_and_tickets_are_written(desk):
    processing = order(desk, "processing")
    user = {"user_id": processing["user_id"]}
    address = {"street": "1 Elm Row", "city": "Ashford", "state": "OH", "zip": "04100"}
    desk.call("update_address", user | address | {"order_id": processing["order_id"]})
    assert desk.call("get_order", {"order_id": processing["order_id"]})["ship_to"] == address
    assert desk.call("get_customer", user)["address"] != address
    desk.call("update_address", user | address)
    assert desk.call("get_customer", user)["address"] == address
    desk.call("update_preferences", user | {"newsletter": True, "language": "French"})
    assert desk.call("get_preferences", user)["language"] == "French"
    with pytest.raises(DeskError, match="nothing to change"):
        desk.call("update_preferences", user)
    ticket = desk.call("create_ticket", user | {"subject": "broken", "priority": "high"})
    assert ticket["ticket_id"] in [row["ticket_id"] for row in desk.call("get_tickets", user)]
    with pytest.raises(DeskError, match="another customer"):
        desk.call("update_address", user | address | {"order_id": other_order(desk, user["user_id"])})


def other_order(desk, user_id):
    return next(each["order_id"] for each in orders(desk, "processing") if each["user_id"] != user_id)


def test_text_that_looks_like_sql_is_a_value(desk):
    user = {"user_id": desk.user_ids()[0]}
    for name, arguments in {
        "get_order": {"order_id": INJECTION},
        "get_product": {"product_id": INJECTION},
        "get_customer": {"user_id": INJECTION},
        "get_tickets": {"user_id": INJECTION},
        "find_customer_by_email": {"email": INJECTION},
        "track_shipment": {"order_id": INJECTION},
        "cancel_order": {"order_id": INJECTION, "reason": "other"},
    }.items():
        with pytest.raises(DeskError, match="not found"):
            desk.call(name, arguments)
    desk.call("create_ticket", user | {"subject": INJECTION, "priority": "low"})
    assert desk.call("get_tickets", user)[0]["subject"] == INJECTION or len(desk.call("get_tickets", user)) > 1
    assert order(desk, "processing")


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("get_order", {}, "missing argument 'order_id'"),
        ("get_order", {"order_id": 7}, "argument 'order_id' must be a string"),
        ("get_order", {"order_id": "D1", "x": 1}, "unknown argument 'x'"),
        ("search_products", {"category": "cars"}, "must be one of lighting"),
        ("search_products", {"category": "toys", "max_price": True}, "must be a number"),
        ("search_products", {"category": "toys", "max_price": 0}, "must be above zero"),
        ("search_products", {"category": "toys", "max_price": float("nan")}, "must be above zero"),
        ("return_items", RETURN | {"product_ids": []}, "one or more strings"),
        ("calculate", {"expression": "1" * 81}, "argument 'expression' must have at most 80 characters"),
        ("return_items", RETURN | {"product_ids": ["P"] * 11}, "argument 'product_ids' must have at most 10 items"),
        ("return_items", RETURN | {"product_ids": ["P", "P" * 41]}, "must be of strings of at most 40 characters"),
        ("drop_table", {}, "no tool 'drop_table'; there are find_customer_by_email"),
    ],
)
def test_bad_calls_say_what_is_wrong(desk, tool, arguments, problem):
    with pytest.raises(DeskError, match=problem):
        desk.call(tool, arguments)


@pytest.mark.parametrize(
    ("expression", "value"), [("1 + 2 * 3", 7), ("(38.5 + 12.98) / 2", 25.74), ("-4 - 1", -5), ("45.9 * 0.1", 4.59)]
)
def test_calculate(desk, expression, value):
    assert desk.call("calculate", {"expression": expression}) == {"result": value}


@pytest.mark.parametrize("expression", ["__import__('os')", "2 ** 9", "1 / 0", "a", "", "True + 1", "1 +", "(" * 80])
def test_calculate_understands_arithmetic_only(desk, expression):
    with pytest.raises(DeskError, match="cannot calculate"):
        desk.call("calculate", {"expression": expression})


def test_copies_are_independent_and_the_seed_decides(desk):
    processing = order(desk, "processing")["order_id"]
    with desk.copy() as other:
        other.call("cancel_order", {"order_id": processing, "reason": "other"})
        assert other.call("get_order", {"order_id": processing})["status"] == "cancelled"
    assert desk.call("get_order", {"order_id": processing})["status"] == "processing"
    with SupportDesk(seed=3, customers=60) as same, SupportDesk(seed=4, customers=60) as different:
        assert same.user_ids() == desk.user_ids() != different.user_ids()


def test_a_file_is_filled_once_kept_and_in_wal_mode(tmp_path):
    path = tmp_path / "desk.sqlite"
    with SupportDesk(path, seed=3, customers=8) as desk:
        users = desk.user_ids()
        desk.call("update_preferences", {"user_id": users[0], "language": "German"})
    with SupportDesk(path, seed=99, customers=3) as desk:
        assert desk.user_ids() == users
        assert desk.call("get_preferences", {"user_id": users[0]})["language"] == "German"
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


def test_closed_after_the_with_block():
    with SupportDesk(customers=2) as desk:
        pass
    desk.close()
    with pytest.raises(sqlite3.ProgrammingError):
        desk.user_ids()


def test_tools_may_run_in_threads(desk):
    user_id = desk.user_ids()[0]
    results = []

    def read():
        results.extend(desk.call("get_order_history", {"user_id": user_id}) for _ in range(20))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80 and all(result == results[0] for result in results)


def test_argument_problem_accepts_what_fits():
    assert argument_problem(TOOLS["note"], {"text": "x"}) is None
    assert argument_problem(TOOLS["update_preferences"], {"user_id": "U1", "newsletter": False}) is None
