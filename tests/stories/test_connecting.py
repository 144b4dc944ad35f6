"""The tie to the ledger: given, refused, taken away at the vendor's side, and given again."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import func, select

from models import Account, Company, Connection, Grant, Practice, Touch
from sandbox.browser import Browser
from tests.stories.days import BOTH, EVENING, diary, town_of
from tests.town import SHOPS, Town
from workflows import companies, connecting, doctor, sync
from workflows.errors import Refusal

DUE = date(2026, 3, 9)


def count(town: Town, table: type[Account] | type[Company] | type[Connection] | type[Touch]) -> int:
    with town.rt.store.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def state(town: Town) -> tuple[str, str]:
    """(of the newest connection, of its grant)."""
    with town.rt.store.read() as session:
        found = session.execute(
            select(Connection.state, Grant.state)
            .join(Grant, Grant.id == Connection.grant_id)
            .order_by(Connection.id.desc())
        ).first()
    assert found is not None
    return found[0], found[1]


def take_away(town: Town, kind: str) -> None:
    """The company's owner removes Dunlin from the list of connected apps."""
    if kind == "xero":
        town.xero.disconnect(town.tenants[kind])
    else:
        town.quickbooks.tokens.revoke(town.quickbooks.tokens.grants[0].refresh)


@BOTH
def test_a_company_disconnected_at_the_vendor_falls_silent_and_goes_on_where_it_was(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 4)) == ["03 Mar: not-yet", "04 Mar: HEADS-UP"]
        before = {table: count(town, table) for table in (Account, Company, Connection)}
        take_away(town, kind)
        assert diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 6)) == ["05 Mar to 06 Mar: disconnected"]
        assert state(town)[0] == "needs_reconnect"
        assert any("must be connected again" in one for one in doctor.complaints(town.rt))
        assert town.connect(kind) == [SHOPS[kind].name]
        assert state(town) == ("active", "active")
        assert diary(town, "A-1", date(2026, 3, 7), date(2026, 3, 9)) == [
            "07 Mar to 08 Mar: not-yet",
            "09 Mar: DUE-TODAY",
        ]
        assert {table: count(town, table) for table in before} == before
        assert town.steps("A-1") == ["heads-up", "due-today"]


@BOTH
def test_a_payment_taken_while_disconnected_is_booked_after_reconnecting(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        take_away(town, kind)
        town.at(date(2026, 3, 2), EVENING)
        assert town.twin(kind).payments(town.tenants[kind]) == []
        assert town.mails() == []
        town.connect(kind)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 4)) == ["03 Mar: THANKS", "04 Mar: paid"]
        assert len(town.twin(kind).payments(town.tenants[kind])) == 1


@BOTH
def test_a_company_that_dunlin_gave_back_can_be_connected_again_with_its_history(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.at(date(2026, 3, 4), EVENING)
        connecting.disconnect(town.rt, town.company(kind).id)
        town.settle()
        assert state(town) == ("disconnected", "revoked")
        assert town.causes("A-1") == {"not-live"}, "it is switched off with it"
        assert not sync.sync_company(town.rt, town.company(kind).id)
        with pytest.raises(Refusal, match="not connected"):
            connecting.disconnect(town.rt, town.company(kind).id)
        town.connect(kind)
        assert state(town) == ("active", "active")
        town.settle()
        companies.set_live(town.rt, town.company(kind).id, on=True)
        assert diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 5)) == ["05 Mar: not-yet"]
        assert town.steps("A-1") == ["heads-up"]
        assert (count(town, Company), count(town, Account)) == (1, 1)


@BOTH
def test_another_practice_may_not_connect_the_same_organisation(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        ours = town.practice_id
        with town.rt.store.write() as session:
            other = Practice(uid=town.rt.new_id(), name="Dipper & Co", created_at=town.now)
            session.add(other)
            session.flush()
            town.practice_id = other.id
        with pytest.raises(Refusal, match="already connected by another practice"):
            town.connect(kind)
        assert (count(town, Company), town.company(kind).practice_id) == (1, ours)
        connecting.disconnect(town.rt, town.company(kind).id)
        assert town.connect(kind) == [SHOPS[kind].name]
        assert count(town, Company) == 2, "once it is free it becomes a company of the other practice"


@BOTH
def test_a_consent_that_is_refused_changes_nothing(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        begun = connecting.begin(town.rt, kind)
        with pytest.raises(Refusal):
            connecting.finish(town.rt, town.practice_id, kind, _denied(town, begun.url), begun.verifier)
        assert (count(town, Connection), state(town)) == (1, ("active", "active"))


@BOTH
def test_a_made_up_code_connects_nothing_and_harms_nothing(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        with pytest.raises(Refusal, match="start the connection again"):
            connecting.finish(town.rt, town.practice_id, kind, {"code": "made-up", "realmId": "1"}, "v")
        assert sync.sync_company(town.rt, town.company(kind).id), "what was connected stays connected"


def test_a_ledger_without_developer_keys_says_so() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town, pytest.raises(Refusal, match="no developer keys"):
        connecting.begin(town.rt, "sage")


def _denied(town: Town, url: str) -> dict[str, str]:
    """The person presses the other button on the vendor's page; what comes back."""
    with requests.Session() as http:
        for prefix in ("http://", "https://"):
            http.mount(prefix, town.network.adapter())
        form = next(one for one in Browser(http).open(url).forms if one.method == "post")
        (button,) = form.kind("submit")[1:]
        fields = [*form.fields(), (button.name, button.value)]
        answer = http.post(form.action, data=fields, allow_redirects=False, timeout=5)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["error"] == ["access_denied"]
    return {name: values[0] for name, values in query.items()}
