"""What the Xero adapter makes of every refusal and every lost answer of the pretend Xero."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.errors import InDoubt, OutsideError, RateLimited, Reconnect, Rejected, Transient
from sandbox.books import Company
from sandbox.wires import Lost
from tests.sandbox.xero_world import EURO, World, gathered

YEAR_START = date(2026, 1, 1)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("503", Transient, "503"),
        ("401-expired", Reconnect, "renewed"),
        ("401-scope", Rejected, "permission"),
        ("403", Reconnect, "connect it again"),
        ("429-minute", RateLimited, "minute"),
        ("429-day", RateLimited, "day"),
        ("429-concurrent", RateLimited, "concurrent"),
        ("429-appminute", RateLimited, "appminute"),
        ("drop", Transient, "asked again"),
    ],
)
def test_every_refusal_of_a_reading_says_what_to_do(
    world: World, fault: str, error: type[OutsideError], says: str
) -> None:
    token, _ = world.connect()
    world.twin.plan_fault("/Organisation", fault)
    with pytest.raises(error, match=says) as caught:
        world.open(token).company()
    assert type(caught.value) is error
    assert token.access not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert world.twin.calls["GET /Organisation"] == 1  # nothing is repeated or slept over by the client itself
    assert world.twin.calls["POST /connect/token"] == 1  # nor is a token renewed behind our back


@pytest.mark.parametrize(("fault", "seconds"), [("429-minute", 37), ("429-day", 40000), ("429-concurrent", 5)])
def test_a_limit_says_how_long_to_wait(world: World, fault: str, seconds: int) -> None:
    ledger = world.ledger()
    world.twin.plan_fault("/Contacts", fault)
    with pytest.raises(RateLimited) as caught:
        list(ledger.snapshot(YEAR_START))
    assert caught.value.retry_after == seconds


def test_the_sixty_first_call_of_a_minute_waits_for_the_next(world: World) -> None:
    ledger = world.ledger()
    world.twin.limits(per_minute=60)
    for _ in range(30):
        ledger.company()  # two calls
    with pytest.raises(RateLimited) as caught:
        ledger.company()
    world.later(seconds=caught.value.retry_after)
    assert ledger.company().name == "Kiwi Trading Ltd"


@pytest.mark.parametrize(
    ("fault", "error"),
    [("503", InDoubt), ("429-minute", RateLimited), ("401-expired", Reconnect), ("401-scope", Rejected)],
)
def test_a_server_fault_leaves_a_write_in_doubt_and_a_refusal_does_not(
    world: World, fault: str, error: type[OutsideError]
) -> None:
    ledger, order = world.ledger(), world.order()
    world.twin.plan_fault("/Payments", fault)
    with pytest.raises(error) as caught:
        ledger.write(order, ledger.prepare(order), "key-1")
    assert type(caught.value) is error


def test_a_wire_that_breaks_before_or_after_is_the_same_doubt_for_a_write(world: World) -> None:
    ledger, order = world.ledger(), world.order()

    def broken(_method: str, _url: str) -> None:
        raise Lost("cable")

    world.network.before = broken
    with pytest.raises(InDoubt):
        ledger.write(order, ledger.prepare(order), "key-1")
    with pytest.raises(Transient):
        ledger.find(order)


def test_a_new_client_never_uses_the_token_of_an_earlier_one(world: World) -> None:
    old, _ = world.connect()
    earlier = world.open(old)
    world.later(minutes=31)
    new, _ = world.connect()
    assert world.open(new).company().name == "Kiwi Trading Ltd"
    with pytest.raises(Reconnect):
        earlier.company()


def test_two_organisations_read_side_by_side_do_not_mix(world: World) -> None:
    other = world.twin.add_company(Company(EURO))
    token, _ = world.connect(world.tenant, other)
    one, two = world.open(token, world.tenant), world.open(token, other)
    assert [ledger.company().currency for ledger in (one, two, one)] == ["NZD", "EUR", "NZD"]
    assert gathered(list(two.snapshot(YEAR_START))).invoices == ()
