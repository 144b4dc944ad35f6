"""The demo: the pretend world and the product living through days together, watched or at full speed.

Time moves only between ticks, from one moment at which something happens to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from sandbox.accountant import Accountant
from sandbox.browser import Lost
from sandbox.stage import Product, Stage

MINUTE = timedelta(minutes=1)
DESK_EVERY = timedelta(days=10)
LOOKS_EVERY = timedelta(hours=6)
CONVERSATIONS = 20


class Demo:
    """`stage` is the world, `product` Dunlin. `between_ticks` is held by whoever moves the clock."""

    def __init__(self, stage: Stage, product: Product) -> None:
        self.stage, self.product = stage, product
        self.between_ticks = threading.RLock()

    def live_until(self, end: datetime, progress: Callable[[datetime], None] | None = None) -> None:
        """Let everything happen, in order, up to `end`."""
        while True:
            self.now()
            upcoming = self._next()
            if upcoming >= end:
                break
            self.stage.clock.move(upcoming)
            if progress:
                progress(upcoming)
        self.stage.clock.move(end)
        self.now()

    def now(self) -> None:
        """Everything that happens at this moment: people act, webhooks arrive, the product answers, people read."""
        now = self.stage.clock.now()
        for _ in range(CONVERSATIONS):
            self.stage.people.live_through(now)
            carried = self.stage.deliver_webhooks(self.product.url)
            self.product.settle()
            more = self.stage.people.next_event()
            if not carried and not (more and more <= now):
                return

    def _next(self) -> datetime:
        now = self.stage.clock.now()
        moments = (self.product.next_moment(), self.stage.people.next_event())
        known = [moment for moment in moments if moment is not None]
        return max(min(known, default=now + timedelta(days=1)), now + MINUTE)

    def next_day(self) -> None:
        """On to ten in the morning, UTC, of the following day."""
        with self.between_ticks:
            tomorrow = self.stage.clock.now() + timedelta(days=1)
            self.live_until(tomorrow.replace(hour=10, minute=0, second=0, microsecond=0))

    def creep(self) -> None:
        """A minute passes: what a person did in the browser has its effect while they look."""
        with self.between_ticks:
            self.live_until(self.stage.clock.now() + MINUTE)


def run(demo: Demo, days: int, say: Callable[[str], None]) -> dict[str, object]:
    """The headless demo: the accountant connects and switches on, then `days` days pass; the figures."""
    started = perf_counter()
    accountant = Accountant(demo.product.url)
    try:
        accountant.sign_in()
        accountant.connect("quickbooks")
        accountant.connect("xero")
        demo.product.settle()
        for uid in accountant.companies():
            _wait_until_read(demo, accountant, uid)
            for processor in (demo.stage.stripe, demo.stage.gocardless):
                accountant.take_payments(uid, processor)
            accountant.switch_on(uid)
        say(f"{len(accountant.companies())} companies are connected and live.")
        start = demo.stage.clock.now()
        end = start + timedelta(days=days)
        while demo.stage.clock.now() < end:
            _work(demo, accountant, min(demo.stage.clock.now() + DESK_EVERY, end))
            sent = len(demo.stage.mailbox.messages())
            say(f"{demo.stage.clock.now():%a %d %b %Y}: {sent} messages in the mailbox.")
    finally:
        accountant.close()
    figures = {"days": days, **demo.product.figures(), **demo.stage.judge.figures()}
    return {**figures, "seconds": round(perf_counter() - started, 1)}


def _wait_until_read(demo: Demo, accountant: Accountant, uid: str) -> None:
    """Whoever read the books may have been killed; another begins again minutes later. Lost when nobody does."""
    patience = demo.stage.clock.now() + timedelta(hours=2)
    while accountant.is_being_read(uid):
        if demo.stage.clock.now() > patience:
            raise Lost("The books of a company are not read.")
        demo.live_until(demo.stage.clock.now() + MINUTE)


def _work(demo: Demo, accountant: Accountant, end: datetime) -> None:
    """Some days of the accountant's: drafts and calls a few times a day, the desk at the end."""
    while demo.stage.clock.now() < end:
        demo.live_until(min(demo.stage.clock.now() + LOOKS_EVERY, end))
        accountant.approve_drafts()
        accountant.make_calls()
    accountant.answer_disputes()


def control(demo: Demo) -> Blueprint:
    """The *next day* button of the watched demo."""
    pages = Blueprint("demo", __name__)

    @pages.post("/demo/next-day")
    def next_day() -> Response:
        demo.next_day()
        back = request.form.get("back", "/")
        return redirect(back if back.startswith("/") and not back.startswith("//") else "/", 303)

    return pages
