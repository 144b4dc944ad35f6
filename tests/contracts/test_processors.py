"""What every processor promises, whichever it is and however it is paid: proved against its sandbox twin with the
vendor's real library, over a real socket and in process. What only one of them knows stands in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.money import Money
from integrations.errors import BadSignature, InDoubt, Misconfigured, OutsideError, RateLimited, Rejected, Transient
from integrations.processors.base import CheckoutState, Collection, ProcessorKeys
from integrations.registry import PROCESSORS
from tests.contracts.processors import OPENING, REFERENCE, TWINS, WAYS, Place, open_place

TOTAL = Money(112_345, "EUR")


@pytest.fixture(params=[(way, over) for way in WAYS for over in ("socket", "in process")], ids=lambda one: f"{one[0]}")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with open_place(*request.param) as opened:
        yield opened


def test_every_processor_of_the_registry_is_tried() -> None:
    assert set(TWINS) == set(OPENING) == set(PROCESSORS)
    assert {way.kind for way in WAYS} == set(PROCESSORS)


def test_an_account_is_shown_by_its_own_name(place: Place) -> None:
    mine = place.processor.account()
    assert mine.startswith("Harbour Bakery Ltd (")
    other, same_name = (
        place.opened(place.company(name)).account() for name in ("Mill Lane Studio", "Harbour Bakery Ltd")
    )
    assert other.startswith("Mill Lane Studio (")
    assert same_name.startswith("Harbour Bakery Ltd (")
    assert same_name != mine, "whoever takes somebody's name has another id"


def test_a_customer_pays_and_everybody_agrees_on_it(place: Place) -> None:
    opened = place.processor.start(place.order(), "key-1")
    assert (opened.state, opened.reference, opened.amount) == (CheckoutState.OPEN, REFERENCE, TOTAL)
    assert "Invoice 1001" in place.payer.get(opened.url, timeout=5).text
    assert place.processor.look_up(opened.id) == opened, "looking is not paying"

    went_to = place.press(opened.url)
    assert (went_to.status_code, went_to.headers["Location"]) == (303, "https://dunlin.test/paid")
    seen = place.processor.look_up(opened.id)
    assert seen.state in (CheckoutState.PAID, CheckoutState.PENDING)
    assert (seen.id, seen.url, seen.payment != "") == (opened.id, "", True)

    place.days(4)
    paid = place.processor.look_up(opened.id)
    assert (paid.state, paid.amount, paid.reference, paid.returned) == (CheckoutState.PAID, TOTAL, REFERENCE, ())
    assert place.processor.look_up(opened.id) == paid, "asking again changes nothing"


def test_its_webhooks_say_what_to_look_up(place: Place) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.press(opened.url)
    payment = place.processor.look_up(opened.id).payment
    place.days(4)
    told = place.told()
    assert len({one.id for one in told}) == len(told)
    assert {one.reference for one in told} == {REFERENCE}
    assert payment in {one.payment for one in told}
    assert place.told() == [], "each delivery is handed out once"


def test_webhooks_go_where_the_account_listens_and_only_its_own_key_opens_them(place: Place) -> None:
    other = place.company("Mill Lane Studio")
    place.twin.listen(place.keys.secret, "https://dunlin.test/webhooks/one")
    place.press(place.processor.start(place.order(), "key-1").url)
    hooks = place.twin.webhooks()
    assert {hook.url for hook in hooks} == {"https://dunlin.test/webhooks/one"}
    for hook in hooks:
        with pytest.raises(BadSignature):
            place.opened(other).events(hook.raw, hook.headers)


def test_nobody_pays_the_same_page_twice(place: Place) -> None:
    opened = place.processor.start(place.order(), "key-1")
    assert place.press(opened.url).status_code == 303
    first = place.processor.look_up(opened.id)
    assert place.press(opened.url).status_code == 402
    assert place.processor.look_up(opened.id) == first
    assert "Thank you" in place.payer.get(opened.url, timeout=5).text


def test_the_same_key_never_asks_for_a_second_payment(place: Place) -> None:
    first = place.processor.start(place.order(), "key-1")
    again = place.processor.start(place.order(), "key-1")
    assert (again.reference, again.amount, again.state) == (first.reference, first.amount, first.state)
    place.press(again.url)
    assert place.press(first.url).status_code == 402, "both pages lead to the one payment"
    another = place.processor.start(place.order(reference="another"), "key-2")
    assert another.id != first.id


def test_the_same_key_for_another_payment_is_refused(place: Place) -> None:
    place.processor.start(place.order(), "key-1")
    with pytest.raises(Rejected) as refusal:
        place.processor.start(place.order(reference="another"), "key-1")
    assert "idempoten" in refusal.value.code


def test_two_companies_keys_do_not_meet(place: Place) -> None:
    other = place.opened(place.company("Mill Lane Studio"))
    mine = place.processor.start(place.order(), "key-1")
    theirs = other.start(place.order(reference="theirs"), "key-1")
    assert theirs.reference == "theirs"
    with pytest.raises(Rejected):
        other.look_up(mine.id)
    with pytest.raises(Rejected):
        other.expire(mine.id)


def test_a_lost_answer_is_in_doubt_and_the_same_key_finds_what_was_opened(place: Place) -> None:
    opening = OPENING[place.way.kind]
    place.twin.plan_fault(opening, "drop")
    with pytest.raises(InDoubt):
        place.processor.start(place.order(), "key-1")
    assert sum(place.twin.calls.values()) == 1, "the library must not repeat it by itself"
    found = place.processor.start(place.order(), "key-1")
    place.press(found.url)
    place.processor.look_up(found.id)
    place.days(4)
    assert place.processor.look_up(found.id).amount == TOTAL
    assert len({one.payment for one in place.told() if one.payment}) == 1


@pytest.mark.parametrize(
    ("fault", "starting", "looking"),
    [
        ("500", InDoubt, Transient),
        ("503", InDoubt, Transient),
        ("html", InDoubt, Transient),
        ("html-403", InDoubt, Transient),
        ("html-429", InDoubt, Transient),
        ("lost", InDoubt, Transient),
        ("429", RateLimited, RateLimited),
        ("409", Transient, Transient),
    ],
)
def test_what_the_caller_may_do_after_a_fault(
    place: Place, fault: str, starting: type[OutsideError], looking: type[OutsideError]
) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.twin.plan_fault(OPENING[place.way.kind], fault, times=2)
    with pytest.raises(starting):
        place.processor.start(place.order(reference="another"), "key-2")
    with pytest.raises(looking):
        place.processor.look_up(opened.id)
    assert place.processor.look_up(opened.id) == opened, "the fault has passed"


def test_a_processor_that_is_not_there(place: Place) -> None:
    nowhere = place.opened(url="http://127.0.0.1:9")
    with pytest.raises(InDoubt):
        nowhere.start(place.order(), "key-1")
    with pytest.raises(Transient):
        nowhere.look_up("cs_test_1")


def test_a_wrong_key_is_said_so_and_not_repeated_to_anyone(place: Place) -> None:
    wrong = place.opened(ProcessorKeys("sk_test_wrong", "whsec_wrong"))
    for asked in (wrong.account, lambda: wrong.start(place.order(), "key-1"), lambda: wrong.look_up("BRQ1")):
        with pytest.raises(Misconfigured) as mistake:
            asked()
        assert "sk_test_wrong" not in str(mistake.value)
    assert "secret" not in repr(place.keys)


def test_a_checkout_nobody_knows(place: Place) -> None:
    with pytest.raises(Rejected):
        place.processor.look_up("BRQ_nothing")


def test_a_page_closed_by_us_cannot_be_paid(place: Place) -> None:
    opened = place.processor.start(place.order(), "key-1")
    closed = place.processor.expire(opened.id)
    assert (closed.state, closed.id, closed.url) == (CheckoutState.EXPIRED, opened.id, "")
    assert place.press(opened.url).status_code == 402
    assert place.processor.look_up(opened.id) == closed
    with pytest.raises(Rejected):
        place.processor.expire(opened.id)


def test_a_page_that_was_paid_cannot_be_closed(place: Place) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.press(opened.url)
    with pytest.raises(Rejected):
        place.processor.expire(opened.id)


def test_two_currencies_are_never_paid_at_once(place: Place) -> None:
    with pytest.raises(Rejected):
        place.processor.start(place.order(("A", Money(1, "EUR")), ("B", Money(1, "USD"))), "key-1")
    assert not any("flow" in call for call in place.twin.calls)


def test_a_currency_nobody_collects_in_is_refused(place: Place) -> None:
    with pytest.raises(Rejected, match="UGX"):
        place.processor.start(place.order(("Invoice", Money(500, "UGX"))), "key-1")
    assert not place.twin.calls, "it is refused before it is sent"


def test_a_part_refund_and_then_the_rest_are_each_told_once(place: Place) -> None:
    paid = place.paid()
    place.twin.refund(paid.payment, Money(345, "EUR"))  # type: ignore[attr-defined]
    (part,) = place.processor.look_up(paid.id).returned
    assert (part.kind, part.amount, part.undone) == ("refund", Money(345, "EUR"), False)
    place.twin.refund(paid.payment)  # type: ignore[attr-defined]
    whole = place.processor.look_up(paid.id)
    assert whole.state is CheckoutState.PAID, "that it was paid stays true"
    assert sorted(one.amount.minor for one in whole.returned) == [345, 112_000]
    assert part in whole.returned
    assert len({one.id for one in whole.returned}) == 2


def test_what_is_not_signed_by_the_processor_is_not_believed(place: Place) -> None:
    place.press(place.processor.start(place.order(), "key-1").url)
    told = place.twin.webhooks()[-1]
    ((name, signature),) = [one for one in told.headers.items() if one[0].endswith("Signature")]
    assert place.processor.events(told.raw, {name.upper(): signature}), "header names have no case"
    forgeries = [
        (told.raw.replace(REFERENCE.encode(), b"somebody-else"), signature),
        (told.raw, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        (told.raw, "nonsense"),
        (told.raw, "ümlaut"),
        (told.raw, ""),
        (b"\xff\xfe", signature),
    ]
    for raw, header in forgeries:
        with pytest.raises(BadSignature):
            place.processor.events(raw, {name: header})
    with pytest.raises(BadSignature):
        place.processor.events(told.raw, {})


def test_without_a_key_for_webhooks_nothing_is_believed(place: Place) -> None:
    """Else anybody could sign: with an empty key."""
    secret, _ = place.twin.open_account("Careless")
    place.twin.accounts[secret].webhook_key = ""
    careless = place.opened(ProcessorKeys(secret, ""))
    place.press(careless.start(place.order(), "key-1").url)
    signed = place.twin.webhooks()
    assert signed
    for hook in signed:
        with pytest.raises(BadSignature):
            careless.events(hook.raw, hook.headers)


def test_only_who_has_mandates_collects(place: Place) -> None:
    order = Collection(REFERENCE, "MD_nothing", Money(100, "EUR"), "Instalment 1")
    with pytest.raises(Rejected):
        place.processor.collect(order, "key-1")
    with pytest.raises(Rejected):
        place.processor.mandate("MD_nothing")


def test_clicks_of_two_people_at_once_ask_for_one_payment(place: Place) -> None:
    opened = place.processor.start(place.order(), "key-1")
    place.press(opened.url)
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: place.opened().look_up(opened.id), range(2))
    assert replace(first, state=second.state) == second
    assert len({one.payment for one in place.told() if one.payment}) == 1
