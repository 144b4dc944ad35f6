"""The pretend browser reads forms as a real one without JavaScript would."""

from __future__ import annotations

from datetime import date

import pytest
import requests
from flask import Flask, redirect, request

from sandbox import visits
from sandbox.browser import Browser, Lost, names
from sandbox.wires import Network

PAGE = """
<form id="f" method="post" action="/p/t/pay"><input type="hidden" name="csrf" value="secret"></form>
<table><tr><td>INV-10</td><td><input form="f" type="checkbox" name="invoice" value="a" checked></td></tr>
<tr><td>INV-101</td><td><input form="f" type="checkbox" name="invoice" value="b" checked></td></tr></table>
<p role="status"><b>Hello</b> again.</p><p>Thank you.</p>
<form method="post" action="/p/t/pay"><label for="x">INV-101</label><input id="x" type="checkbox" name="invoice"
 value="b"><input type="date" name="day" min="2024-03-05" max="2024-03-19">
<button name="go" value="1" formaction="/p/t/promise">Ok</button></form>
<form method="post" action="/p/t/dispute"><select name="invoice"><option value="a">INV-10</option>
<option value="b">INV-101</option></select><select name="why"><option value="">Why?</option>
<option value="price">Price</option></select><textarea name="text"></textarea></form>
"""


class Site:
    """A portal that remembers what was sent to it, and a page that asks for a card."""

    def __init__(self) -> None:
        self.says = "<p role='status'>Thank <br> you.</p>"
        self.sent: list[tuple[str, list[tuple[str, str]]]] = []
        app = Flask("site")
        app.add_url_rule("/p/t", view_func=lambda: PAGE.replace('<p role="status"><b>Hello</b> again.</p>', self.says))
        app.add_url_rule("/p/t/<what>", "act", self.act, methods=["POST"])
        app.add_url_rule("/card", "card", self.card, methods=["GET", "POST"])
        network = Network()
        network.route("site.test", app)
        self.http = requests.Session()
        self.http.mount("http://", network.adapter())

    def act(self, what: str):  # type: ignore[no-untyped-def]
        self.sent.append((what, sorted(request.form.items(multi=True))))
        return redirect("/card" if what == "pay" else "/p/t", 303)

    def card(self):  # type: ignore[no-untyped-def]
        if request.method == "POST":
            return redirect("/p/t", 303)
        return "<form method='post'><input name='card' value='4242'><button>Pay</button></form>"


LINK = "http://site.test/p/t"


def test_paying_ticks_the_named_invoice_alone_and_keeps_hidden_fields() -> None:
    site = Site()
    assert visits.pay(Browser(site.http), LINK, ["INV-10"]) == ["INV-10"]
    assert site.sent == [("pay", [("csrf", "secret"), ("invoice", "a")])]


def test_paying_everything_ticks_whatever_is_offered() -> None:
    site = Site()
    assert visits.pay(Browser(site.http), LINK, ["INV-10"], ["INV-10", "INV-101", "INV-9"]) == ["INV-10", "INV-101"]
    assert site.sent == [("pay", [("csrf", "secret"), ("invoice", "a"), ("invoice", "b")])]


def test_a_promise_stays_within_the_days_on_offer() -> None:
    site = Site()
    assert visits.promise(Browser(site.http), LINK, ["INV-101"], date(2024, 4, 30)) == (["INV-101"], date(2024, 3, 19))
    assert site.sent == [("promise", [("day", "2024-03-19"), ("go", "1"), ("invoice", "b")])]


def test_a_refusal_of_the_portal_is_not_taken_for_a_yes() -> None:
    site = Site()
    site.says = "<div role='status'><p class='calm'>Please choose an <b>earlier</b> day.</p></div>"
    with pytest.raises(Lost, match=r"The portal said: Please choose an earlier day\."):
        visits.promise(Browser(site.http), LINK, ["INV-101"], date(2024, 3, 6))
    site.says = ""
    assert visits.promise(Browser(site.http), LINK, ["INV-101"], date(2024, 3, 6))[1] == date(2024, 3, 6)


def test_a_dispute_chooses_the_invoice_a_reason_and_words() -> None:
    site = Site()
    visits.dispute(Browser(site.http), LINK, "INV-101", "Too much.")
    assert site.sent == [("dispute", [("invoice", "b"), ("text", "Too much."), ("why", "price")])]


def test_what_the_page_does_not_offer_is_said() -> None:
    site = Site()
    with pytest.raises(Lost, match="offers none of INV-7 under '/pay'"):
        visits.pay(Browser(site.http), LINK, ["INV-7"])
    with pytest.raises(Lost, match="/p/gone answered 404"):
        visits.pay(Browser(site.http), "http://site.test/p/gone", ["INV-7"])
    assert site.sent == []


def test_a_number_is_not_found_inside_another() -> None:
    assert names("Invoice INV-10, due today", "INV-10")
    assert not names("Invoice INV-101", "INV-10")
    assert not names("Invoice X-INV-10", "INV-10")


def test_the_link_is_found_in_the_text_without_its_full_stop() -> None:
    assert visits.link_in("See http://a.test/help and <http://a.test/p/abc.d-e_f>.") == "http://a.test/p/abc.d-e_f"
    assert visits.link_in("See http://a.test/p/abc.") == "http://a.test/p/abc"
    assert visits.link_in("See http://a.test/") == ""
