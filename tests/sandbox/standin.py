"""The plainest possible collector, so that the pretend customers can be tried before and without the product.

It plans with `core.plan`, writes plain letters, serves a bare portal and books card payments. No database, no care
for crashes: it is for testing the sandbox only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from urllib.parse import quote, unquote

import requests
from flask import Flask, Response, redirect, request

from core.because import Cause
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Said, TouchFacts
from core.language import parse_cadence
from core.money import Money
from core.plan import Action, plan
from sandbox.books import BookPayment
from sandbox.habits import Kind
from sandbox.judge import Judge
from sandbox.mailbox import Mailbox
from sandbox.people import Key, People, load
from sandbox.quickbooks import QuickBooksTwin
from sandbox.stripe import StripeTwin
from sandbox.wires import Network
from sandbox.world import Story, World
from sandbox.xero import XeroTwin

CADENCE = parse_cadence((Path(__file__).parents[2] / "templates/cadences/default.toml").read_text())
STEPS = [step.name for step in CADENCE.steps]


class StandIn:
    """A whole pretend run: `live(days)` and look at `judge.figures()` and `people`."""

    def __init__(self, world: World) -> None:
        self.world, self.now = world, datetime.combine(world.start, datetime.min.time(), UTC) + timedelta(hours=7)
        numbers = count(1)
        self.new_id = lambda: f"{next(numbers):022}"
        twins = {"quickbooks": QuickBooksTwin(self.clock, self.new_id), "xero": XeroTwin(self.clock, self.new_id)}
        self.books = load(world, twins)
        self.stripe = StripeTwin(self.clock, self.new_id, "sk", "whsec", "http://stripe.test")
        self.mailbox, network = Mailbox(self.clock), Network()
        network.route("stripe.test", self.stripe.app)
        network.route("portal.test", self._portal())
        self.http = requests.Session()
        self.http.mount("http://", network.adapter())
        self.people = People(world, self.mailbox, self.books, self.http, self.clock)
        self.judge = Judge(world, self.books, self.people, self.stripe, STEPS)
        self.calendars = {one.about.key: Calendar(one.about.zone) for one in world.companies}
        self.holds: dict[Key, Hold] = {}
        self.said: dict[Key, list[Said]] = {}
        self.touches: dict[Key, list[TouchFacts]] = {}
        self.written: set[tuple[str, str, date]] = set()
        self.closed: set[Key] = set()
        self.booked: set[str] = set()
        self.accounts: dict[Key, list[Story]] = {}
        for story in world.stories.values():
            self.accounts.setdefault((story.company, story.invoice.customer), []).append(story)

    def clock(self) -> datetime:
        return self.now

    def live(self, days: int) -> None:
        """Jump from event to event; write and book at ten and at six in the evening, UTC."""
        for _ in range(days):
            midnight = self.now.replace(hour=0, minute=0)
            for hour in (10, 18, 24):
                stop = midnight + timedelta(hours=hour)
                while (soon := self.people.next_event()) is not None and soon <= stop:
                    self.now = max(self.now, soon)
                    self.people.live_through(self.now)
                self.now = stop
                self._book()
                if hour != 24:
                    self._write()

    def _book(self) -> None:
        for session in self.stripe.paid_sessions():
            if session.id in self.booked:
                continue
            self.booked.add(session.id)
            company = session.reference
            twin, tenant = self.books[company]
            for label, amount in session.lines:
                payment = BookPayment(label.removeprefix("Invoice "), amount.decimal, self.now.date(), self.new_id())
                twin.receive(tenant, payment)

    def _write(self) -> None:
        for (company, customer), stories in self.accounts.items():
            account = self._account(company, customer, stories)
            if account is not None:
                for action in plan(account, CADENCE, self.calendars[company], self.now).actions:
                    self._send(company, stories, action)

    def _account(self, company: str, customer: str, stories: list[Story]) -> AccountFacts | None:
        today = self.calendars[company].today(self.now)
        emails = next(one.emails for one in self.world.company(company).customers if one.key == customer)
        invoices = tuple(self._facts(place, story, emails) for place, story in self._open(stories, today))
        touches = tuple(self.touches.get((company, customer), ()))
        return AccountFacts(1, True, self.now, invoices, touches=touches) if invoices else None

    def _open(self, stories: list[Story], today: date) -> Iterator[tuple[int, Story]]:
        for place, story in enumerate(stories):
            if story.invoice.issued > today or story.key in self.closed or not self._is_issued(story):
                continue
            if self._balance(story.key).minor <= 0:
                self.closed.add(story.key)
            else:
                yield place, story

    def _is_issued(self, story: Story) -> bool:
        twin, tenant = self.books[story.company]
        try:
            twin.balance(tenant, story.invoice.key)
        except (KeyError, StopIteration, ValueError):
            return False
        return True

    def _balance(self, key: Key) -> Money:
        twin, tenant = self.books[key[0]]
        return Money.parse(twin.balance(tenant, key[1]), self.world.stories[key].invoice.currency)

    def _facts(self, place: int, story: Story, emails: tuple[str, ...]) -> InvoiceFacts:
        invoice, held = story.invoice, self.holds.get(story.key)
        return InvoiceFacts(
            place,
            invoice.key,
            InvoiceStatus.OPEN,
            invoice.issued,
            invoice.due,
            Money.parse(invoice.amount, invoice.currency),
            self._balance(story.key),
            tuple(sorted(invoice.emails or emails)),
            (held,) if held else (),
            tuple(self.said.get(story.key, ())),
        )

    def _send(self, company: str, stories: list[Story], action: Action) -> None:
        touch = TouchFacts(action.recipients, action.day)
        if any((company, address, action.day) in self.written for address in action.recipients):
            return
        self.written.update((company, address, action.day) for address in action.recipients)
        self.touches.setdefault((company, stories[0].invoice.customer), []).append(touch)
        chosen = [(stories[line.invoice], line.step) for line in action.lines]
        for story, step in chosen:
            self.said.setdefault(story.key, []).append(Said(step, action.day))
        self.letter(company, chosen, action.recipients)

    def letter(self, company: str, chosen: list[tuple[Story, str]], recipients: tuple[str, ...] = ()) -> None:
        """Write about these invoices, led by the first, and let the judge see it arrive."""
        customer, letter = chosen[0][0].invoice.customer, EmailMessage()
        known = next(one.emails for one in self.world.company(company).customers if one.key == customer)
        letter["Subject"] = "A word from us"
        letter["X-Dunlin-Company"] = self.world.company(company).about.name
        letter["X-Dunlin-Step"] = chosen[0][1]
        letter["X-Dunlin-Invoices"] = ", ".join(quote(story.invoice.key) for story, _ in chosen)
        letter["X-Dunlin-Lines"] = ", ".join(f"{quote(story.invoice.key)}={step}" for story, step in chosen)
        letter.set_content(f"Here: http://portal.test/p/{company}.{customer}.\n")
        door = self.mailbox.connect()
        door.mail("us@dunlin.example")
        for recipient in recipients or known:
            door.rcpt(recipient)
        door.data(letter.as_bytes())
        self.judge.on_message(self.mailbox.messages()[-1])

    def an_open_story(self, kind: Kind) -> Story:
        """An invoice still open today, of a customer with that habit who can be written to."""
        for (company, customer), stories in self.accounts.items():
            known = next(one.emails for one in self.world.company(company).customers if one.key == customer)
            if self.world.habits[company, customer].kind is kind and known:
                for _, story in self._open(stories, self.world.start):
                    return story
        raise LookupError(f"Nobody who is {kind} owes anything.")

    def _portal(self) -> Flask:
        app = Flask("standin")
        app.add_url_rule("/p/<token>", view_func=self._page)
        app.add_url_rule("/p/<token>/<what>", "act", self._act, methods=["POST"])
        return app

    def _page(self, token: str) -> str:
        company, _, customer = token.partition(".")
        stories = self.accounts[company, customer]
        open_ones = [story for _, story in self._open(stories, self.calendars[company].today(self.now))]
        return "".join(
            f"<form method='post' action='/p/{token}/pay'>{_boxes(open_ones, currency)}<button>Pay</button></form>"
            for currency in dict.fromkeys(story.invoice.currency for story in open_ones)
        ) + (
            f"<form method='post' action='/p/{token}/promise'>{_boxes(open_ones)}<input type='date' name='day'></form>"
            f"<form method='post' action='/p/{token}/dispute'><select name='invoice'>{_options(open_ones)}</select>"
            "<textarea name='text'></textarea></form>"
        )

    def _act(self, token: str, what: str) -> Response:
        company, _, _ = token.partition(".")
        keys = [(company, unquote(number)) for number in request.form.getlist("invoice")]
        if not keys or not all(key in self.world.stories for key in keys):
            return Response("Which invoice?", 400)
        if what == "pay":
            return redirect(self._checkout(token, keys), 303)  # type: ignore[return-value]
        until = date.fromisoformat(request.form["day"]) + timedelta(days=6) if what == "promise" else None
        for key in keys:
            self.holds[key] = Hold(Cause.PROMISE if what == "promise" else Cause.DISPUTE, until)
        return redirect(f"/p/{token}", 303)  # type: ignore[return-value]

    def _checkout(self, token: str, keys: list[Key]) -> str:
        back = f"http://portal.test/p/{token}"
        form = {"mode": "payment", "success_url": back, "client_reference_id": keys[0][0]}
        for place, key in enumerate(keys):
            money, line = self._balance(key), f"line_items[{place}]"
            form[f"{line}[quantity]"] = "1"
            form[f"{line}[price_data][currency]"] = money.currency.lower()
            form[f"{line}[price_data][unit_amount]"] = str(money.minor)
            form[f"{line}[price_data][product_data][name]"] = f"Invoice {key[1]}"
        client = self.stripe.app.test_client()
        answer = client.post("/v1/checkout/sessions", data=form, headers={"Authorization": "Bearer sk"})
        return str(answer.get_json()["url"])


def _boxes(stories: list[Story], currency: str = "") -> str:
    return "".join(
        f"<label><input type='checkbox' name='invoice' value='{quote(story.invoice.key)}' checked> "
        f"{story.invoice.key}</label>"
        for story in stories
        if currency in ("", story.invoice.currency)
    )


def _options(stories: list[Story]) -> str:
    return "".join(f"<option value='{quote(one.invoice.key)}'>{one.invoice.key}</option>" for one in stories)
