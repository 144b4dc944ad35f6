"""How customers pay a company, set up: keys proved first, bank details checked, removed at once, the former kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.errors import Transient
from integrations.processors.base import ProcessorKeys
from models import Attempt, BankDetails, Company, ProcessorAccount
from tests.workflows.owners import IBAN, OTHER_IBAN, Firm
from workflows import bank_numbers, brands, paying, ways
from workflows.errors import Refusal

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def firm() -> Iterator[Firm]:
    """Its company has not spoken to anybody yet."""
    made = Firm(live=False)
    yield made
    made.close()


def test_an_account_is_proved_before_it_is_kept_and_kept_sealed(firm: Firm) -> None:
    assert firm.ask_account(" sk_1 ") is None
    (account,) = firm.all(ProcessorAccount)
    assert (account.name, account.state) == ("Larch & Co", "in-use")
    assert b"sk_1" not in account.keys_sealed
    assert ways.opened(firm.rt, account).account() == "Larch & Co", "spaces around the key do not count"


@pytest.mark.parametrize(
    ("kind", "secret", "sentence"),
    [
        ("pay", "sk_9", "Pretend Pay did not accept the keys. Pretend Pay does not accept this key."),
        ("pay", "", "give both keys"),
        ("pay", "k" * 501, "give both keys"),
        ("else", "sk_1", "does not know that processor"),
    ],
)
def test_keys_that_open_nothing_are_refused_in_a_sentence(firm: Firm, kind: str, secret: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        paying.ask_account(firm.rt, firm.company.id, kind, ProcessorKeys(secret, "whsec"), firm.ann)
    assert firm.all(ProcessorAccount) == []


def test_a_processor_that_does_not_answer_keeps_nothing(firm: Firm) -> None:
    firm.door.down = Transient("Pretend Pay does not answer.")
    with pytest.raises(Refusal, match=r"did not accept the keys\. Pretend Pay does not answer\."):
        firm.ask_account()
    assert firm.all(ProcessorAccount) == []


def test_the_address_of_webhooks_is_known_before_the_keys_are(firm: Firm) -> None:
    def coming() -> str:
        with firm.rt.store.read() as session:
            return paying.next_uid(firm.rt, session, session.get_one(Company, firm.company.id), "pay")

    first = coming()
    assert paying.webhook_url(firm.rt, "pay", first) == f"https://dunlin.test/webhooks/pay/{first}"
    firm.ask_account()
    assert firm.all(ProcessorAccount)[0].uid == first
    assert len({first, coming()}) == 2
    assert len(first) == 22


def exchanged(firm: Firm, payment_of: str) -> list[ProcessorAccount]:
    """The accounts after other keys took effect; a payment was begun that the account of that name knows."""
    firm.ask_account("sk_1")
    (former,) = firm.all(ProcessorAccount)
    attempt = Attempt(uid=firm.rt.new_id(), company_id=firm.company.id, account_id=firm.account_id, processor="pay")
    attempt.state, attempt.currency, attempt.amount_minor = "open", "GBP", 100
    attempt.created_at, attempt.checkout_id, attempt.processor_account_id = firm.clock.now(), "cs_1", former.id
    with firm.rt.store.write() as session:
        session.add(attempt)
    firm.door.payments["cs_1"] = payment_of
    assert firm.ask_account("sk_2") is not None
    firm.later(seconds=30)
    firm.later(days=1)
    return firm.all(ProcessorAccount)


def keys(firm: Firm, account: ProcessorAccount) -> str:
    return ways.opened(firm.rt, account).secret  # type: ignore[attr-defined, no-any-return]


def test_another_account_leaves_the_former_its_own_key_for_its_payments(firm: Firm) -> None:
    former, now = exchanged(firm, "Larch & Co")
    assert [(one.name, one.state) for one in (former, now)] == [("Larch & Co", "past"), ("Larch Trading", "in-use")]
    assert (keys(firm, former), keys(firm, now)) == ("sk_1", "sk_2")
    assert former.ended_at == firm.clock.now()


def test_a_new_key_of_the_same_account_serves_what_was_begun_with_the_old_one(firm: Firm) -> None:
    former, now = exchanged(firm, "Larch Trading")
    assert (keys(firm, former), keys(firm, now)) == ("sk_2", "sk_2")


def test_taking_a_way_to_pay_away_is_at_once_and_told(firm: Firm) -> None:
    firm.ask_account()
    firm.ask_bank()
    paying.remove_account(firm.rt, firm.company.id, "pay", firm.ann)
    paying.remove_bank_details(firm.rt, firm.company.id, "EUR", firm.bea)
    assert (firm.account_in_use(), firm.bank()) == ("", [])
    (mail,) = [one for one in firm.later(seconds=30) if "bank details" in one.subject]
    assert mail.subject == "Larch & Co: bank details changed"
    assert (
        f"Bea changed this:\n\nBank details for EUR\nUntil now: Larch & Co, IBAN {IBAN}\nFrom now on: none" in mail.text
    )
    with pytest.raises(Refusal, match="no such account"):
        paying.remove_account(firm.rt, firm.company.id, "pay", firm.ann)
    with pytest.raises(Refusal, match="no such bank details"):
        paying.remove_bank_details(firm.rt, firm.company.id, "EUR", firm.ann)
    with pytest.raises(Refusal, match="Only an owner"):
        paying.remove_account(firm.rt, firm.company.id, "pay", firm.cem)
    assert firm.ask_bank() is not None, "what was there once is not brought back behind the owners' backs"


def test_bank_details_are_kept_per_currency_and_the_former_stay_known(firm: Firm) -> None:
    firm.ask_bank()
    assert firm.ask_bank(OTHER_IBAN, currency="gbp") is None, "a currency in which nothing was there before"
    firm.ask_bank(OTHER_IBAN)
    firm.later(seconds=30)
    firm.later(days=1)
    assert [(one.currency, one.state) for one in firm.all(BankDetails)] == [
        ("EUR", "past"),
        ("GBP", "in-use"),
        ("EUR", "in-use"),
    ]
    with firm.rt.store.read() as session:
        found = ways.transfer(session, firm.company.id, "EUR")
    assert found is not None
    assert found.fields == [["IBAN", OTHER_IBAN]]
    with pytest.raises(Refusal, match="count already"):
        firm.ask_bank(OTHER_IBAN)


@pytest.mark.parametrize(
    ("shape", "given", "shown"),
    [
        ("iban", {"iban": "de89370400440532013000", "bic": "cobadeff"}, [IBAN, "COBADEFF"]),
        ("iban", {"iban": "GB33BUKB20201555555555"}, [OTHER_IBAN]),
        ("GB", {"sort": "200000", "account": "5577 9911"}, ["20-00-00", "55779911"]),
        ("US", {"routing": "1110 0002 5", "account": "1234-5678"}, ["111000025", "12345678"]),
        ("AU", {"bsb": "062 000", "account": "12345678"}, ["062-000", "12345678"]),
        ("NZ", {"account": "01-0242-0100194-00"}, ["01-0242-0100194-000"]),
        ("CA", {"institution": "003", "transit": "12345", "account": "1234567"}, ["003", "12345", "1234567"]),
        ("other", {"lines": "CLABE: 032180000118359719\n\n Bank:  Banco "}, ["032180000118359719", "Banco"]),
    ],
)
def test_numbers_are_shown_in_groups_as_people_read_them(shape: str, given: dict[str, str], shown: list[str]) -> None:
    assert [value for _, value in bank_numbers.read(shape, given)] == shown


@pytest.mark.parametrize(
    ("shape", "given", "sentence"),
    [
        ("iban", {"iban": "DE88370400440532013000"}, "The IBAN cannot be right"),
        ("iban", {}, "The IBAN cannot be right"),
        ("iban", {"iban": IBAN, "bic": "COBA"}, r"The BIC \(SWIFT\) cannot be right"),
        ("GB", {"sort": "20-00-0", "account": "55779911"}, "The Sort code cannot be right"),
        ("GB", {"sort": "20-00-00", "account": "٥٥٧٧٩٩١١"}, "The Account number cannot be right"),
        ("US", {"routing": "111000026", "account": "12345678"}, "The Routing number cannot be right"),
        ("AU", {"bsb": "062-000", "account": "1" * 11}, "The Account number cannot be right"),
        ("NZ", {"account": "01-0242-0100195-00"}, "The Account number cannot be right"),
        ("CA", {"institution": "3", "transit": "12345", "account": "1234567"}, "The Institution number"),
        ("other", {"lines": "only words"}, "a name, a colon and a number"),
        ("other", {"lines": "A: " + "1" * 5_000_000}, "a name, a colon and a number"),
        ("other", {"lines": "\n"}, "at least one line"),
        ("other", {"lines": "a: 1\n" * 7}, "at most 6"),
        ("XX", {"account": "1"}, "how accounts are named"),
    ],
)
def test_what_cannot_be_a_bank_account_is_said_in_one_sentence(
    shape: str, given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        bank_numbers.read(shape, given)


@pytest.mark.parametrize(("currency", "holder"), [("EURO", "Larch"), ("€", "Larch"), ("", "Larch"), ("EUR", " \n ")])
def test_a_currency_and_a_holder_are_needed(firm: Firm, currency: str, holder: str) -> None:
    with pytest.raises(Refusal, match=r"currency by its three letters|in whose name"):
        paying.ask_bank_details(firm.rt, firm.company.id, currency, holder, "iban", {"iban": IBAN}, firm.ann)


def test_the_usual_shape_follows_the_currency() -> None:
    assert [bank_numbers.usual(one) for one in ("GBP", "USD", "EUR", "CHF")] == ["GB", "US", "iban", "iban"]


def test_a_company_chooses_what_its_customers_may_do(firm: Firm) -> None:
    paying.choose(firm.rt, firm.company.id, True, False, firm.cem)
    with firm.rt.store.read() as session:
        row = session.get_one(Company, firm.company.id)
    assert (row.part_payments, row.ask_treatment) == (True, False)


def brand(firm: Firm, colour: str = "", phone: str = "", logo: bytes = b"", drop: bool = False) -> tuple[str, str, str]:
    brands.change(firm.rt, firm.company.id, colour, phone, logo, drop, firm.ann)
    with firm.rt.store.read() as session:
        found = brands.of(session, firm.company.id)
    assert found is not None
    return found.colour, found.phone, found.logo_kind


def test_a_company_looks_as_it_says(firm: Firm) -> None:
    assert brand(firm, "#1D6B63", "+44 20 7946 0000", PNG) == ("#1d6b63", "+44 20 7946 0000", "image/png")
    assert brand(firm, "", "") == ("", "", "image/png"), "without a new picture the old one stays"
    assert brand(firm, logo=b"RIFF1234WEBPVP8 ")[2] == "image/webp"
    assert brand(firm, logo=b"\xff\xd8\xff\xe0")[2] == "image/jpeg"
    assert brand(firm, drop=True)[2] == ""


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"colour": "green"}, "six figures or letters"),
        ({"colour": "#1d6b63;}"}, "six figures or letters"),
        ({"phone": "call me"}, "telephone number in figures"),
        ({"phone": "0" * 41}, "telephone number in figures"),
        ({"logo": b"<svg onload='alert(1)'/>"}, "no PNG, JPEG or WebP picture"),
        ({"logo": b"%PDF-1.7"}, "no PNG, JPEG or WebP picture"),
        ({"logo": PNG + b"0" * 200_000}, "larger than 200 kB"),
    ],
)
def test_what_is_no_picture_no_colour_or_no_number_is_refused(firm: Firm, wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        brand(firm, **wrong)  # type: ignore[arg-type]
