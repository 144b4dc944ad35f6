"""Signing in to a mailbox at its provider: the permission is sealed, renewed once for all, lost, and given anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import select

from integrations.channels.providers import known
from models import Grant
from models.store import Store
from sandbox.mail_provider import MailProviderTwin
from sandbox.mailbox import Mailbox
from tests.stories.days import EVENING, OPENING
from tests.stories.own_mailbox import OWNER, details, mail_server, own, prove, reminders, waiting
from tests.town import Town
from workflows import mail_grants, renewals, senders
from workflows.errors import Refusal

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 3, 6)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture(params=["microsoft", "google"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def town(kind: str, tmp_path: Path) -> Iterator[Town]:
    """On a file, so that two threads can be at it at once."""
    made = Town(f"sqlite:///{tmp_path / 'town.db'}")
    made.customer("xero", "fern")
    made.open("xero", "A-1", "fern", DUE)
    yield made.begin(kinds=["xero"])
    made.close()


@pytest.fixture
def provider(town: Town, kind: str) -> MailProviderTwin:
    made = MailProviderTwin(town.clock.now, town.new_id, OWNER, rotates=kind == "microsoft")
    town.network.route(f"{kind}.test", made.app)
    return made


@pytest.fixture
def server(town: Town, kind: str, provider: MailProviderTwin) -> Iterator[Mailbox]:
    """The provider's mail server, and an installation that has keys there."""
    with mail_server(town) as opened:
        opened.stop()
        opened.knows_token = provider.opens
        opened.start()
        keys = {
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "login_url": f"http://{kind}.test",
        }
        mail = known(lambda one: keys if one == kind else {}, opened.url)
        town.rt = replace(town.rt, mail=mail)
        yield opened


def sign_in(town: Town, kind: str, answer: str = "yes") -> None:
    """A person goes to the provider's page, allows it, and comes back."""
    url, state, verifier = mail_grants.begin(town.rt, kind)
    http = requests.Session()
    http.mount("http://", town.network.adapter())
    assert "Let Dunlin send mail?" in http.get(url, timeout=5).text
    back = http.post(url, data={"answer": answer}, allow_redirects=False, timeout=5).headers["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    assert back.startswith(f"https://dunlin.test/mail/{kind}/callback?")
    assert query["state"] == state
    senders.signed_in(town.rt, town.company("xero").id, kind, query, verifier)


def ready(town: Town, server: Mailbox, kind: str) -> None:
    senders.set_up(town.rt, town.company("xero").id, details(server, kind=kind, password=""))
    sign_in(town, kind)
    prove(town, server)


def grant(town: Town) -> Grant:
    with town.rt.store.read() as session:
        return session.scalars(select(Grant).where(Grant.id == own(town).grant_id)).one()


def test_a_reminder_leaves_by_a_token_and_never_by_a_password(town: Town, server: Mailbox, kind: str) -> None:
    ready(town, server, kind)
    town.at(MONDAY, EVENING)
    (mail,) = reminders(server)
    assert (mail.sender, mail.user) == (OWNER, OWNER)
    sender = own(town)
    assert (sender.password_sealed, sender.kind) == (None, kind)


def test_tokens_are_sealed_at_rest(town: Town, server: Mailbox, kind: str, tmp_path: Path) -> None:
    ready(town, server, kind)
    kept = senders.mailbox_of(town.rt, own(town)).secret
    assert kept
    assert kept not in repr(senders.mailbox_of(town.rt, own(town)))
    files = b"".join(one.read_bytes() for one in tmp_path.glob("town.db*"))
    assert kept.encode() not in files


def test_of_two_threads_one_renews_and_both_get_the_new_token(
    town: Town, server: Mailbox, kind: str, provider: MailProviderTwin
) -> None:
    ready(town, server, kind)
    before = senders.mailbox_of(town.rt, own(town)).secret
    town.clock.move(town.now + timedelta(hours=2))
    rt, sender, got = replace(town.rt, pause=threading.Event().wait), own(town), list[str]()
    start = threading.Barrier(2)

    def ask() -> None:
        start.wait()
        got.append(senders.mailbox_of(rt, sender).secret)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert provider.renewals == 1
    assert (len(got), len({*got, before})) == (2, 2)


def test_a_permission_withdrawn_holds_what_is_due_until_somebody_signs_in_again(
    town: Town, server: Mailbox, kind: str, provider: MailProviderTwin
) -> None:
    ready(town, server, kind)
    provider.withdraw()
    town.at(MONDAY, 16)
    assert (reminders(server), town.mails()) == ([], [])
    (held,) = waiting(town)
    assert held.note.startswith(f"It waits for the mailbox {OWNER}. ")
    assert "sign in" in held.note.lower()
    assert own(town).trouble
    sign_in(town, kind)
    prove(town, server)
    town.at(TUESDAY, EVENING)
    assert [mail.header("X-Dunlin-Step") for mail in reminders(server)] == ["heads-up"], "once"
    assert town.company("xero").live_at is not None, "the ledger's own connection is untouched"


def test_a_provider_that_does_not_know_our_keys_is_the_installations_trouble(
    town: Town, server: Mailbox, kind: str, provider: MailProviderTwin
) -> None:
    ready(town, server, kind)
    provider.client_secret = "another"
    town.clock.move(town.now + timedelta(hours=2))
    town.at(MONDAY, OPENING["xero"])
    assert "does not accept this installation's client id and secret" in own(town).trouble
    assert grant(town).state == "active", "nobody has to sign in again for that"
    provider.client_secret = "mail-secret"
    town.at(MONDAY, EVENING)
    assert (len(reminders(server)), own(town).trouble) == (1, "")


def test_signing_in_with_another_account_is_seen_when_it_is_proved(
    town: Town, server: Mailbox, kind: str, provider: MailProviderTwin
) -> None:
    provider.mailbox = "otto@else.example"
    with pytest.raises(Refusal, match="sign in with the account it belongs to"):
        ready(town, server, kind)


def test_whoever_does_not_allow_it_has_nothing_kept(town: Town, server: Mailbox, kind: str) -> None:
    senders.set_up(town.rt, town.company("xero").id, details(server, kind=kind, password=""))
    with pytest.raises(Refusal, match="gave no access, so nothing was kept"):
        sign_in(town, kind, answer="no")
    assert own(town).grant_id is None
    with pytest.raises(Refusal, match="Nobody has signed in to this mailbox yet"):
        prove(town, server)


def test_a_permission_nobody_used_for_long_is_kept_alive(
    town: Town, server: Mailbox, kind: str, provider: MailProviderTwin
) -> None:
    ready(town, server, kind)
    town.clock.move(town.now + timedelta(days=20))
    provider.renewals = 0
    renewals.refresh_idle(town.rt)
    assert provider.renewals == 1
    assert grant(town).expires_at > town.now


def test_another_way_in_forgets_the_permission(town: Town, server: Mailbox, kind: str) -> None:
    ready(town, server, kind)
    grant_id = grant(town).id
    senders.set_up(town.rt, town.company("xero").id, details(server))
    with town.rt.store.read() as session:
        left = session.get_one(Grant, grant_id)
    assert (left.state, town.rt.vault.unseal(left.refresh_sealed), own(town).grant_id) == ("revoked", b"", None)
    prove(town, server)
    assert type(town.rt.store) is Store
