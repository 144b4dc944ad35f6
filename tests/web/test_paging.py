"""Long lists come in pages: nothing is on two of them, nothing on none, and the counts are of the whole."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from models import Invoice
from tests.web.edges import HTTPS
from tests.web.world import World
from web import queries
from workflows import preview

NAME = "Kestrel Homes"


def test_an_account_with_many_invoices_shows_them_page_by_page(world: World, ann: FlaskClient) -> None:
    lines = [(f"MANY-{place:02}", -place, 1000, 1000 if place < 55 else 0) for place in range(65)]
    world._account(world.bramley, NAME, [], lines)
    account = world.accounts[NAME]
    with world.rt.store.read() as session:
        mine = session.query(Invoice).filter_by(account_id=account.id).all()
    pages = [ann.get(f"/accounts/{account.uid}?page={number}", **HTTPS).text for number in (1, 2, 3)]
    shown = [re.findall(r'<th scope="row" class="numbers"><a href="/invoices/([^"]+)"', page) for page in pages]
    assert [len(one) for one in shown] == [queries.PAGE, len(mine) - queries.PAGE, 0]
    assert sorted(shown[0] + shown[1]) == sorted(one.uid for one in mine)
    assert all(f"{55 + sum(one.balance_minor > 0 for one in mine[:-65])} open invoices" in page for page in pages)
    assert "Page 1 of 2" in pages[0]
    assert "page=2" in pages[0]
    assert "page=1" in pages[1]


def test_a_preview_in_parts_is_the_whole_preview(shown: World) -> None:
    whole = preview.preview(shown.rt, shown.bramley.id, 30)
    parts = [preview.preview(shown.rt, shown.bramley.id, 30, part) for part in (slice(4), slice(4, None))]
    assert all(one.accounts == whole.accounts > 4 for one in parts)
    assert sorted(one.account_id for part in parts for one in part.messages) == sorted(
        one.account_id for one in whole.messages
    )
    assert {one.account_id for part in parts for one in part.silences} == {one.account_id for one in whole.silences}
