"""The pretend accountant: signs in, connects the ledgers, looks, switches on, and answers what lands on the desk.

Uses the product's pages as HTML, like anybody without JavaScript.
"""

from __future__ import annotations

import re

import requests

from sandbox.browser import Browser, Lost, Page

EMAIL, PASSWORD = "demo@dunlin.example", "early and gentle"


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
        page = self.browser.open(f"{self.url}/")
        consent = self.browser.send(page, page.all_forms(f"/connect/{kind}")[0])
        form = next((one for one in consent.forms if one.method == "post"), None)
        if form is None:
            raise Lost("The consent page has no form.")
        for box in form.kind("checkbox"):
            box.chosen = True
        self.browser.send(consent, form)

    def companies(self) -> list[str]:
        """The uids of the companies on the first page."""
        page = self.browser.open(f"{self.url}/")
        return list(dict.fromkeys(re.findall(r"/companies/([\w-]{22})", page.text)))

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
        self.browser.open(f"{self.url}/companies/{uid}/cadence")
        self.browser.open(f"{self.url}/companies/{uid}/preview?days=30")
        page = self.browser.open(f"{self.url}/companies/{uid}")
        return self.browser.send(page, page.all_forms("/live")[0])

    def answer_disputes(self) -> int:
        """Resolve every dispute on the desk; how many."""
        answered = 0
        page = self.browser.open(f"{self.url}/desk")
        while any(one.action.endswith("/resolve") for one in page.forms) and answered < 100:
            form = page.all_forms("/resolve")[0]
            for one in form.kind("text", "textarea"):
                one.value = "Talked it through on the phone; the invoice stands."
            self.browser.send(page, form)
            answered += 1
            page = self.browser.open(f"{self.url}/desk")
        return answered

    def close(self) -> None:
        self.browser.http.close()
