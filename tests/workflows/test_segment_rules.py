"""Segments by rule: whom a rule takes, who stays where a person put them, and that nothing moves without a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.cadence import Payer
from core.inheritance import Level
from core.money import Money
from core.roles import Role
from core.segments import Rule
from integrations.ledgers.base import LedgerCustomer
from models import AuditEvent, User
from tests.workflows.office import Office, an_invoice
from workflows import library, segment_rules, segments
from workflows.errors import Refusal

BIG, YOUNG = Rule(billed_from=500_000), Rule(days_most=30)


@pytest.fixture
def user(office: Office) -> int:
    with office.rt.store.write() as session:
        row = User(
            uid=office.rt.new_id(),
            practice_id=office.company.practice_id,
            email="ann@practice.example",
            name="Ann",
            password_hash="",
            role=Role.ACCOUNTANT.value,
            created_at=office.clock.now(),
        )
        session.add(row)
        session.flush()
        return row.id


def bill(office: Office, customer: str, pounds: int, days_ago: int, currency: str = "GBP") -> None:
    """One invoice, written so many days ago."""
    issued = office.clock.now().date() - timedelta(days=days_ago)
    total = Money(pounds * 100, currency)
    dated = {"issued": issued, "due": issued, "total": total}
    made = an_invoice(f"{customer}-{days_ago}", f"{pounds}.00", customer, **dated)
    office.read(office.clock.now(), invoices=(made,))


def three(office: Office) -> None:
    """Fern was billed much, Moss little, Reed much in dollars and much two years ago."""
    more = LedgerCustomer("c-2", "Moss"), LedgerCustomer("c-3", "Reed")
    office.read(office.clock.now(), customers=more)
    bill(office, "c-1", 6_000, 200)
    bill(office, "c-2", 100, 10)
    bill(office, "c-3", 9_000, 20, "USD")
    bill(office, "c-3", 9_000, 700)


def places(office: Office) -> list[tuple[str, str]]:
    rows = [office.account(one) for one in ("c-1", "c-2", "c-3")]
    return [(row.segment, row.segment_by) for row in rows]


def test_the_first_rule_that_fits_counts_and_moves_once(office: Office, user: int) -> None:
    three(office)
    versions = [office.account(one).facts_version for one in ("c-1", "c-2", "c-3")]
    assert segment_rules.keep(office.rt, office.company.id, "key-accounts", BIG, user) == 1
    assert segment_rules.keep(office.rt, office.company.id, "young", YOUNG, user) == 1
    assert places(office) == [("key-accounts", "rule"), ("young", "rule"), ("", "")]
    assert segment_rules.follow_all(office.rt) == 0
    after = [office.account(one).facts_version for one in ("c-1", "c-2", "c-3")]
    assert [now - then for now, then in zip(after, versions, strict=True)] == [1, 1, 0]
    with office.rt.store.read() as session:
        said = session.query(AuditEvent).filter(AuditEvent.kind.like("segment%")).count()
    assert said == 4  # two rules, two customers who moved


def test_the_order_decides_where_two_rules_fit_and_can_be_changed(office: Office, user: int) -> None:
    three(office)
    segment_rules.keep(office.rt, office.company.id, "old", Rule(days_least=100), user)
    segment_rules.keep(office.rt, office.company.id, "key-accounts", BIG, user)
    assert [one for one, _ in places(office)] == ["old", "", "old"]
    with office.rt.store.read() as session:
        second = segment_rules.rules(session, office.company.id)[1].uid
    assert segment_rules.ask_earlier(office.rt, office.company.id, second, user) == 1
    assert [one for one, _ in places(office)] == ["key-accounts", "", "old"]
    assert segment_rules.ask_earlier(office.rt, office.company.id, second, user) == 0
    assert segment_rules.drop(office.rt, office.company.id, second, user) == 1
    assert [one for one, _ in places(office)] == ["old", "", "old"]
    with pytest.raises(Refusal, match="taken away meanwhile"):
        segment_rules.drop(office.rt, office.company.id, second, user)


def test_who_was_put_somewhere_by_hand_stays_and_goes_back_to_the_rules_when_let_go(office: Office, user: int) -> None:
    three(office)
    segments.assign(office.rt, office.account_id, "friends", user)
    assert segment_rules.keep(office.rt, office.company.id, "key-accounts", BIG, user) == 0
    with office.rt.store.read() as session:
        fits = segment_rules.fits(office.rt, session, office.company, BIG)
        assert (len(fits.accounts), fits.by_hand) == (1, 1)
        assert segment_rules.counts(session, office.company.id) == {"friends": {"hand": 1}}
        assert list(segments.known(session, office.company.id)) == ["friends", "key-accounts"]
    assert places(office)[0] == ("friends", "hand")
    segments.assign(office.rt, office.account_id, "", user)
    assert places(office)[0] == ("key-accounts", "rule")


def test_a_habit_and_a_country_that_change_move_the_customer_at_the_next_look(office: Office, user: int) -> None:
    rule = Rule(payers=frozenset({Payer.SLOW}), countries=frozenset({"IE"}))
    assert segment_rules.keep(office.rt, office.company.id, "slow", rule, user) == 0
    office.change(office.account("c-1"), payer="slow", country="IE")
    assert (segment_rules.follow(office.rt, office.company.id), office.account("c-1").segment) == (1, "slow")
    office.change(office.account("c-1"), payer="steady")
    assert (segment_rules.follow(office.rt, office.company.id), office.account("c-1").segment) == (1, "")


def test_who_could_then_hear_what_cannot_be_proved_stays_where_they_are(office: Office, user: int) -> None:
    """The cadence of that segment lacks the step that was changed for this customer."""
    three(office)
    source = 'name = "few"\ntitle = "Few"\n[[step]]\nname = "late-4"\noffset = 4\ntone = "kind"\n'
    few = library.save(office.rt, office.company.practice_id, source)
    mine = {"company_id": office.company.id}
    practice = office.company.practice_id
    library.change(office.rt, practice, Level.SEGMENT, {}, segment="key-accounts", version_id=few.id, **mine)
    fields = {"steps": {"late-12": {"tone": "kind"}}}
    library.change(office.rt, practice, Level.ACCOUNT, fields, account_id=office.account_id, **mine)
    assert segment_rules.keep(office.rt, office.company.id, "key-accounts", BIG, user) == 0
    assert places(office)[0] == ("", "")


@pytest.mark.parametrize(
    ("name", "rule", "sentence"),
    [
        ("Key accounts", BIG, "small letters"),
        ("", BIG, "small letters"),
        ("all", Rule(), "at least one thing"),
        ("x", Rule(billed_from=5, billed_below=5), "must be more"),
        ("x", Rule(days_least=5, days_most=4), "must not be less"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    office: Office, user: int, name: str, rule: Rule, sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        segment_rules.keep(office.rt, office.company.id, name, rule, user)
    with office.rt.store.read() as session:
        assert segment_rules.rules(session, office.company.id) == []


def test_a_rule_that_is_given_again_replaces_the_earlier_one_and_keeps_its_place(office: Office, user: int) -> None:
    three(office)
    segment_rules.keep(office.rt, office.company.id, "key-accounts", BIG, user)
    segment_rules.keep(office.rt, office.company.id, "young", YOUNG, user)
    segment_rules.keep(office.rt, office.company.id, "key-accounts", Rule(billed_from=5_000), user)
    with office.rt.store.read() as session:
        assert [one.segment for one in segment_rules.rules(session, office.company.id)] == ["key-accounts", "young"]
    assert [one for one, _ in places(office)] == ["key-accounts", "key-accounts", ""]
