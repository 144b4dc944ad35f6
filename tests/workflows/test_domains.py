"""What is said of a company's domain: right, weak, missing, or not known. Asked of a real DNS server on loopback."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from integrations.channels.base import MailKind
from integrations.channels.providers import PROVIDERS
from integrations.dns.lookup import Dns
from sandbox.nameserver import Nameserver
from tests.stories.own_mailbox import mail_server, own, prove, set_up
from tests.town import Town
from workflows import companies, domains
from workflows.domains import MISSING, RIGHT, UNKNOWN, WEAK, Finding, look_up
from workflows.errors import Refusal

DOMAIN = "wren.example"
KINDS = {one.kind: one for one in PROVIDERS}
MICROSOFT, GOOGLE = KINDS["microsoft"], KINDS["google"]
KEY = base64.b64encode(b"k" * 294).decode()
GOOD = {
    DOMAIN: ["MS=ms123", "v=spf1 include:spf.protection.outlook.com -all"],
    f"selector2._domainkey.{DOMAIN}": [f"v=DKIM1; k=rsa; p={KEY}"],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=quarantine; rua=mailto:d@wren.example"],
    "spf.protection.outlook.com": ["v=spf1 ip4:40.92.0.0/15 -all"],
}


@pytest.fixture
def world() -> Iterator[Nameserver]:
    """A domain at Microsoft for which all is well."""
    with Nameserver({name: list(texts) for name, texts in GOOD.items()}) as opened:
        yield opened


def found(
    world: Nameserver, about: str, provider: MailKind | None = MICROSOFT, selector: str = "", domain: str = DOMAIN
) -> Finding:
    answers = look_up(Dns(world.server, seconds=0.3), domain, provider, selector)
    assert [one.about for one in answers] == ["SPF", "DKIM", "DMARC"]
    return next(one for one in answers if one.about == about)


def test_a_domain_for_which_all_is_well(world: Nameserver) -> None:
    spf, dkim, dmarc = (found(world, about) for about in ("SPF", "DKIM", "DMARC"))
    assert (spf.state, dkim.state, dmarc.state) == (RIGHT, RIGHT, RIGHT)
    assert spf.says == "Microsoft 365 may send for wren.example."
    assert spf.evidence == "v=spf1 include:spf.protection.outlook.com -all"
    assert dkim.says == ("What wren.example sends can be signed: there is a key at selector2._domainkey.wren.example.")
    assert dmarc.says == "There is a policy at _dmarc.wren.example; it puts doubtful mail aside."
    assert (spf.do, dkim.do, dmarc.do) == ("", "", "")


def test_spf_that_is_missing_says_what_to_write_where(world: Nameserver) -> None:
    world.texts[DOMAIN] = ["MS=ms123"]
    spf = found(world, "SPF")
    assert (spf.state, spf.says) == (MISSING, "wren.example does not say which servers send for it.")
    assert spf.do == 'Add a TXT record at wren.example that says "v=spf1 include:spf.protection.outlook.com ~all".'
    assert "your mail provider tells you the rest" in found(world, "SPF", None).do


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        (["v=spf1 -all", "v=spf1 ~all"], "has 2 SPF records, so none of them counts"),
        (["v=spf1 +all"], "lets the whole world send"),
        (["v=spf1 include:_spf.google.com ~all"], "Microsoft 365 may not send for wren.example"),
        (["v=spf1 " + " ".join(f"include:s{n}.example" for n in range(11)) + " ~all"], "more than 10 look-ups"),
    ],
)
def test_spf_that_helps_nobody(world: Nameserver, records: list[str], sentence: str) -> None:
    world.texts[DOMAIN] = records
    spf = found(world, "SPF")
    assert (spf.state, spf.evidence) == (WEAK, records[0])
    assert sentence in spf.says
    assert spf.do


def test_a_provider_may_be_named_through_others_and_a_ring_of_records_comes_to_an_end(world: Nameserver) -> None:
    world.texts[DOMAIN] = ["V=spf1 a mx include:Mail.Wren.Example ?all"]
    world.texts["mail.wren.example"] = ["v=spf1 redirect=spf.protection.outlook.com"]
    assert found(world, "SPF").state == RIGHT
    world.texts["mail.wren.example"] = [f"v=spf1 include:{DOMAIN} include:mail.wren.example -all"]
    assert "look-ups" in found(world, "SPF").says


def test_an_unknown_provider_is_not_said_to_be_named(world: Nameserver) -> None:
    spf = found(world, "SPF", None)
    assert spf.state == RIGHT
    assert "only your provider knows" in spf.says


def test_dkim_is_found_under_the_providers_names_the_usual_ones_or_the_one_that_is_typed(world: Nameserver) -> None:
    assert "selector2" in found(world, "DKIM").says
    assert "selector2" in found(world, "DKIM", GOOGLE).says, "it is among the usual ones"
    assert found(world, "DKIM", selector="heron").state == MISSING
    world.texts[f"heron._domainkey.{DOMAIN}"] = [f"p={KEY}"]
    assert found(world, "DKIM", selector="heron").state == RIGHT


def test_dkim_that_is_missing_says_where_it_was_looked_for(world: Nameserver) -> None:
    del world.texts[f"selector2._domainkey.{DOMAIN}"]
    dkim = found(world, "DKIM")
    assert (dkim.state, dkim.do.startswith("Switch DKIM on at Microsoft 365 for wren.example")) == (MISSING, True)
    assert "selector1, selector2" in dkim.says
    assert "type the name (selector)" in dkim.do


@pytest.mark.parametrize(
    ("record", "state"),
    [
        ("v=DKIM1; p=", WEAK),
        ("v=DKIM1; p=" + base64.b64encode(b"k" * 94).decode(), WEAK),
        ("v=DKIM1; p=no key at all!", WEAK),
        ("v=DKIM1; k=ed25519; p=" + base64.b64encode(b"k" * 32).decode(), RIGHT),
        (f"v=DKIM2; p={KEY}", MISSING),
        ("something else", MISSING),
    ],
)
def test_a_key_must_be_one_that_is_believed(world: Nameserver, record: str, state: str) -> None:
    world.texts[f"selector2._domainkey.{DOMAIN}"] = [record]
    assert found(world, "DKIM").state == state


def test_dmarc_that_is_missing_says_what_to_write_where(world: Nameserver) -> None:
    del world.texts[f"_dmarc.{DOMAIN}"]
    dmarc = found(world, "DMARC")
    assert dmarc.state == MISSING
    assert dmarc.do.startswith('Add a TXT record at _dmarc.wren.example that says "v=DMARC1; p=none;')


@pytest.mark.parametrize(
    ("records", "state"),
    [
        (["v=DMARC1;p=reject"], RIGHT),
        (["v=DMARC1; rua=mailto:a@b.example"], WEAK),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], WEAK),
        (["v=spf1 -all"], MISSING),
    ],
)
def test_dmarc_counts_only_as_one_whole_record(world: Nameserver, records: list[str], state: str) -> None:
    world.texts[f"_dmarc.{DOMAIN}"] = records
    assert found(world, "DMARC").state == state


def test_the_policy_of_the_name_above_holds_for_the_names_below(world: Nameserver) -> None:
    world.texts[f"_dmarc.{DOMAIN}"] = ["v=DMARC1; p=reject; sp=none"]
    dmarc = found(world, "DMARC", domain=f"post.mail.{DOMAIN}")
    assert (dmarc.state, dmarc.says) == (RIGHT, "There is a policy at _dmarc.wren.example; it only watches.")
    assert "_dmarc.example" not in world.asked, "nobody owns a whole ending"


@pytest.mark.parametrize(
    ("about", "name"), [("SPF", DOMAIN), ("DKIM", f"selector1._domainkey.{DOMAIN}"), ("DMARC", f"_dmarc.{DOMAIN}")]
)
@pytest.mark.parametrize("trouble", ["silent", "broken"])
def test_what_could_not_be_asked_is_not_known_and_never_fine(
    world: Nameserver, about: str, name: str, trouble: str
) -> None:
    getattr(world, trouble).add(name)
    answer = found(world, about)
    assert answer.state == UNKNOWN
    assert answer.says == f"It could not be checked: the DNS gave no answer about {name}."
    others = {"SPF", "DKIM", "DMARC"} - {about}
    assert {found(world, one).state for one in others} == {RIGHT}, "the others are said all the same"


# With the company's own mailbox


@pytest.fixture
def town() -> Iterator[Town]:
    made = Town().begin(kinds=["xero"], live=False)
    yield made
    made.close()


def switch_on(town: Town) -> None:
    companies.set_live(town.rt, town.company("xero").id, on=True)


def test_a_domain_is_looked_up_when_the_mailbox_is_proved_and_a_warning_does_not_stop_anybody(
    town: Town, world: Nameserver
) -> None:
    del world.texts[f"_dmarc.{DOMAIN}"], world.texts[f"selector2._domainkey.{DOMAIN}"]
    town.rt = replace(town.rt, resolver=Dns(world.server, seconds=0.3))
    with mail_server(town) as server:
        set_up(town, server)
        prove(town, server)
    assert [one.state for one in domains.findings_of(own(town))] == [RIGHT, MISSING, MISSING]
    assert own(town).checked_at == town.now
    switch_on(town)


def test_a_domain_that_would_surely_be_turned_away_waits_for_a_persons_word(town: Town, world: Nameserver) -> None:
    world.texts.clear()
    town.rt = replace(town.rt, resolver=Dns(world.server, seconds=0.3))
    with mail_server(town) as server:
        set_up(town, server)
        prove(town, server)
    with pytest.raises(Refusal, match="neither SPF nor DKIM"):
        switch_on(town)
    domains.accept(town.rt, own(town).company_id)
    switch_on(town)


def test_a_domain_that_could_not_be_asked_about_stops_nobody_and_a_demo_asks_nobody(
    town: Town, world: Nameserver
) -> None:
    with mail_server(town) as server:
        set_up(town, server)
        prove(town, server)
        assert {(one.state, one.says) for one in domains.findings_of(own(town))} == {
            (UNKNOWN, "Not looked up: in a demo nobody outside is asked.")
        }
        switch_on(town)
        set_up(town, server, address="accounts@moss.example", password="heron")
    assert own(town).findings == [], "another domain's findings say nothing about this one"


def test_a_selector_that_a_person_types_is_kept(town: Town, world: Nameserver) -> None:
    town.rt = replace(town.rt, resolver=Dns(world.server, seconds=0.3))
    with mail_server(town) as server:
        set_up(town, server)
    company = own(town).company_id
    domains.check(town.rt, company, MICROSOFT, "heron")
    assert (own(town).selector, domains.findings_of(own(town))[1].state) == ("heron", MISSING)
    domains.check(town.rt, company, MICROSOFT, "")
    assert (own(town).selector, domains.findings_of(own(town))[1].state) == ("", RIGHT)
    with pytest.raises(Refusal, match="selector is a short name"):
        domains.check(town.rt, company, MICROSOFT, "a b")
