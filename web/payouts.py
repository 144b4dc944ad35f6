"""The page Payouts: what processors moved to the company's bank, each with the payments and fees it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from core.money import Money
from models import Attempt, Payout, PayoutEntry
from web import lists, own
from web.guards import runtime
from workflows import payouts

pages = Blueprint("payouts", __name__)
AT_ONCE = 20
STATES = {"paid": ("At the bank", "good"), "coming": ("On its way", "calm"), "failed": ("Failed", "warn")}
KINDS = {
    "payment": "Payment",
    "refund": "Refund",
    "chargeback": "Chargeback",
    "failure": "Taken back by a bank",
    "fee": "Fee",
    "other": "Other",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A payout as it is shown. `ours` finds the attempt of an entry; of `gross` and `fees` only ours count."""

    payout: Payout
    processor: str
    ours: Mapping[str, Attempt]

    @property
    def entries(self) -> list[PayoutEntry]:
        return sorted(self.payout.entries, key=lambda one: one.id)

    def money(self, minor: int) -> Money:
        return Money(minor, self.payout.currency)

    def _of_ours(self) -> list[PayoutEntry]:
        return [one for one in self.entries if one.payment in self.ours]

    @property
    def gross(self) -> Money:
        return self.money(sum(one.amount_minor for one in self._of_ours()))

    @property
    def fees(self) -> Money:
        return self.money(sum(one.fee_minor for one in self._of_ours()))

    @property
    def others(self) -> int:
        """How many entries have nothing to do with Dunlin."""
        return len(self.entries) - len(self._of_ours())


@pages.get("/companies/<uid>/payouts")
def show(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    page = lists.page_number(request.args)
    with rt.store.read() as session:
        rows, total = payouts.of_company(session, company.id, page, AT_ONCE)
        ours = payouts.attempts_of(session, company.id, [entry.payment for one in rows for entry in one.entries])
    return render_template(
        "console/payouts.html",
        company=company,
        told=[Told(one, rt.processors[one.processor_account.kind].label, ours) for one in rows],
        page=page,
        last=lists.last_page(total, AT_ONCE),
        states=STATES,
        kinds=KINDS,
    )
