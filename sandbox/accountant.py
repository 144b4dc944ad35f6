"""The pretend accountant: signs in, connects the ledgers, looks, switches on, approves, calls, and answers the desk.

Uses the product's pages as HTML, like anybody without JavaScript.
"""

from __future__ import annotations

import re

import requests

from sandbox.browser import Browser, Lost, Page
from sandbox.processors import PretendProcessor

EMAIL, PASSWORD = "demo@dunlin.example", "early and gentle"
TERMS = """Please pay within the days named on each invoice.

If something is wrong with an invoice, tell us within ten days of getting it, and we will put it right.

If you cannot pay in time, talk to us early. We would rather agree on a way than write to you."""


class Accountant:
    """One browser, signed in at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        http = requests.Session()
        http.trust_env = False
        self.browser = Browser(http)

    def sign_in(self) -> None:
        page = self.browser.open(f"{self.url}/sign-in")
        form = page.all_forms("/sign-in")[0]
        for one in form.controls:
            one.value = {"email": EMAIL, "password": PASSWORD}.get(one.name, one.value)
        self.browser.send(page, form)

    def connect(self, kind: str) -> None:
        """Go through the vendor's consent page and give every organisation it offers."""
        page = self.browser.open(f"{self.url}/companies")
        consent = self.browser.send(page, page.all_forms(f"/connect/{kind}")[0])
        form = next((one for one in consent.forms if one.method == "post"), None)
        if form is None:
            raise Lost("The consent page has no form.")
        for box in form.kind("checkbox"):
            box.chosen = True
        self.browser.send(consent, form)

    def companies(self) -> list[str]:
        """The uids of the companies on their page."""
        page = self.browser.open(f"{self.url}/companies")
        return list(dict.fromkeys(re.findall(r"/companies/([\w-]{22})", page.text)))

    def is_being_read(self, uid: str) -> bool:
        """Whether the company's page says that its books are still being read."""
        return "This page keeps itself up to date." in self.browser.open(f"{self.url}/companies/{uid}").text

    def switch_on(self, uid: str) -> Page:
        """Choose where card payments are booked, look at the cadence and the preview, and switch sending on."""
        page = self.browser.open(f"{self.url}/companies/{uid}/settings")
        settings = page.all_forms("/settings")[0]
        accounts = [one for one in settings.controls if one.name == "deposit_account" and one.value]
        for one in accounts:
            one.chosen = False
        clearing = next((one for one in accounts if "clearing" in one.words.lower()), None)
        (clearing or accounts[0]).chosen = True
        for one in settings.kind("email"):
            one.value = one.value or EMAIL  # Xero does not say where an organisation wants its replies
        self.browser.send(page, settings)
        self.give_terms(uid)
        self.browser.open(f"{self.url}/companies/{uid}/cadence")
        self.browser.open(f"{self.url}/companies/{uid}/preview?days=30")
        page = self.browser.open(f"{self.url}/companies/{uid}")
        return self.browser.send(page, page.all_forms("/live")[0])

    def take_payments(self, uid: str, processor: PretendProcessor) -> None:
        """Open an account at the processor for the company, give its keys here, and have webhooks sent where it says.

        Before the company is live, so that it counts at once.
        """
        secret, webhook = processor.open_account(uid)
        page = self.browser.open(f"{self.url}/companies/{uid}/paying")
        where = re.search(rf"https?://[^\s<>\"]+/webhooks/{processor.kind}/[\w-]{{22}}", page.text)
        mine = [one for one in page.all_forms("/account") if ("kind", processor.kind) in one.fields()]
        if where is None or not mine:
            raise Lost(f"The page of ways to pay has no place for {processor.kind}.")
        given = {"secret": secret, "webhook": webhook, "confirm": PASSWORD}
        for one in mine[0].controls:
            one.value = given.get(one.name, one.value)
        done = self.browser.send(page, mine[0])
        if "In use" not in done.text:
            raise Lost(f"The keys of {processor.kind} were not taken. {done.said}")
        processor.listen(secret, where[0])

    def give_terms(self, uid: str) -> Page:
        """Write down on what terms the company works; every new customer is given them once."""
        page = self.browser.open(f"{self.url}/companies/{uid}/terms")
        form = page.all_forms("/terms")[0]
        for one in form.kind("textarea"):
            one.value = TERMS
        kept = self.browser.send(page, form)
        if "In force" not in kept.text:
            raise Lost("The terms were not kept.")
        return kept

    def approve_drafts(self) -> int:
        """Read the queue of drafts and approve what stands there, company by company; how many presses it took."""
        pressed = 0
        page = self.browser.open(f"{self.url}/approvals")
        while waiting := [one for one in page.forms if one.action.endswith(("/approve-drafts", "/approve"))]:
            page, pressed = self.browser.send(page, waiting[0]), pressed + 1
        return pressed

    def make_calls(self) -> int:
        """Take up every call and letter that is to be done, and note that nothing came of it; how many."""
        page = self.browser.open(f"{self.url}/tasks")
        wanted = list(dict.fromkeys(re.findall(r"/tasks/([\w-]{22})", page.text)))
        for uid in wanted:
            page = self.browser.open(f"{self.url}/tasks/{uid}")
            form = page.all_forms("/outcome")[0]
            for one in form.kind("textarea"):
                one.value = "Had a friendly talk; they will see to it."
            buttons = {one.value: one for one in form.kind("submit")}
            form.pressed = buttons.get("talked") or buttons["posted"]
            self.browser.send(page, form)
        return len(wanted)

    def answer_disputes(self) -> int:
        """Resolve every dispute on the desk; how many."""
        answered = 0
        page = self.browser.open(f"{self.url}/desk")
        while any(one.action.endswith("/resolve") for one in page.forms) and answered < 100:
            form = page.all_forms("/resolve")[0]
            for one in form.kind("text", "textarea"):
                one.value = "Talked it through on the phone; the invoice stands."
            for one in form.kind("option"):
                one.chosen = one.value == "rejected"
            self.browser.send(page, form)
            answered += 1
            page = self.browser.open(f"{self.url}/desk")
        return answered

    def close(self) -> None:
        self.browser.http.close()
