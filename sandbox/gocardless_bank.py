"""How money moves in the pretend GoCardless: days pass, banks say yes or no, and every step is an event.

A debit is submitted the day after, confirmed on the fourth and paid out on the sixth; an instant payment is confirmed
at once. A mandate is active after three days. What people and banks do besides are the methods without an underscore.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.money import Money
from sandbox.gocardless_rows import BillingRequest, Collected, Flow, Mandate, Payment, Refund, Row
from sandbox.processors import Account, PretendProcessor

_DEBIT = (("submitted", 1), ("confirmed", 4), ("paid_out", 6))
_INSTANT = (("confirmed", 0), ("paid_out", 1))
_MANDATE = (("submitted", 1), ("active", 3))
_SHORT = "The customer's account had insufficient funds to make this payment."
_STATES = {"chargeback_cancelled": "paid_out", "created": "pending_submission"}


class Bank(PretendProcessor):
    """The rows of every account, and what happens to them."""

    requests: dict[str, BillingRequest]
    flows: dict[str, Flow]
    mandates: dict[str, Mandate]
    payments: dict[str, Payment]
    refunds: dict[str, Refund]
    events: list[tuple[Account, Row]]
    _untold: list[tuple[Account, Row]]

    def collected(self) -> list[Collected]:
        """Every payment there is, oldest first, whatever became of it."""
        with self._lock:
            self.time_passes()
            return [
                Collected(
                    one.id, one.metadata.get("reference", ""), one.amount, one.status, one.account.name,
                    self.refunded(one),
                )
                for one in self.payments.values()
            ]  # fmt: skip

    def fail(self, payment_id: str, why: str = _SHORT) -> None:
        """The bank says no; after the money had come this is a late failure."""
        with self._lock:
            self.time_passes()
            self._payment(self.payments[payment_id], "failed", why)

    def retry(self, payment_id: str) -> None:
        """The seller collects a failed debit once more."""
        with self._lock:
            row = self.payments[payment_id]
            row.since = self.clock()
            self._payment(row, "resubmission_requested", state="pending_submission")

    def cancel(self, payment_id: str) -> None:
        """The seller calls a payment off before it is submitted."""
        with self._lock:
            self._payment(self.payments[payment_id], "cancelled", "The payment was cancelled.")

    def charge_back(self, payment_id: str) -> None:
        """The customer has their bank take the money back."""
        with self._lock:
            self.time_passes()
            self._payment(self.payments[payment_id], "charged_back")

    def cancel_chargeback(self, payment_id: str) -> None:
        """The bank was wrong: the money comes again."""
        with self._lock:
            self._payment(self.payments[payment_id], "chargeback_cancelled")

    def refund(self, payment_id: str, amount: Money | None = None) -> str:
        """The seller gives back what is left of a payment, or a part of it; the refund's id."""
        with self._lock:
            self.time_passes()
            payment = self.payments[payment_id]
            amount = amount or payment.amount - self.refunded(payment)
            row = Refund(payment.account, f"RF{self.new_id()}", payment, amount)
            self.refunds[row.id] = row
            self._event(payment.account, "refunds", "created", {"refund": row.id}, {})
            self._event(payment.account, "refunds", "paid", {"refund": row.id}, {})
            return row.id

    def return_refund(self, refund_id: str) -> None:
        """The customer's bank does not take a refund: the money comes to the seller again."""
        with self._lock:
            row = self.refunds[refund_id]
            row.status = "funds_returned"
            self._event(row.account, "refunds", "funds_returned", {"refund": row.id}, {})

    def cancel_mandate(self, mandate_id: str) -> None:
        """The customer withdraws their permission; what was not submitted yet is never collected."""
        with self._lock:
            self.time_passes()
            row = self.mandates[mandate_id]
            self._mandate(row, "cancelled")
            for payment in self.payments.values():
                if payment.mandate is row and payment.status == "pending_submission":
                    self._payment(payment, "cancelled", "The mandate for this payment was cancelled.")

    def refunded(self, payment: Payment) -> Money:
        """How much of a payment was given back and stayed there."""
        back = [one.amount.minor for one in self.refunds.values() if one.payment is payment and one.status == "paid"]
        return Money(sum(back), payment.amount.currency)

    def fulfil(self, request: BillingRequest, bounces: bool) -> None:
        """The customer has agreed: there is a mandate, or the money is on its way. `bounces`: debits will fail."""
        request.status = "fulfilled"
        currency = (request.payment or request.mandate or {})["currency"]
        if request.mandate is not None:
            metadata = request.mandate.get("metadata", {})
            mandate = Mandate(request.account, f"MD{self.new_id()}", currency, metadata, self.clock(), bounces)
            self.mandates[mandate.id] = mandate
            request.links["mandate_request_mandate"] = mandate.id
            self._event(request.account, "mandates", "created", {"mandate": mandate.id}, mandate.metadata)
        if request.payment is not None:
            asked = request.payment
            amount = Money(int(asked["amount"]), currency)
            payment = self.pays(request.account, amount, asked["description"], asked.get("metadata", {}), None)
            request.links["payment_request_payment"] = payment.id
        links = {"billing_request": request.id, **request.links}
        self._event(request.account, "billing_requests", "fulfilled", links, request.metadata)

    def pays(
        self, account: Account, amount: Money, description: str, metadata: dict[str, str], mandate: Mandate | None
    ) -> Payment:
        """A payment begins; an instant one has no mandate."""
        row = Payment(account, f"PM{self.new_id()}", amount, description, metadata, self.clock(), mandate)
        self.payments[row.id] = row
        self._payment(row, "created")
        self.time_passes()
        return row

    def time_passes(self) -> None:
        """Do what the banks have done until now."""
        for mandate in list(self.mandates.values()):
            for state in _due(_MANDATE, mandate.status, mandate.created, self.clock()):
                self._mandate(mandate, state)
        for payment in list(self.payments.values()):
            for state in _due(_DEBIT if payment.mandate else _INSTANT, payment.status, payment.since, self.clock()):
                if payment.status == "failed":
                    break
                short = state == "confirmed" and payment.mandate is not None and payment.mandate.bounces
                self._payment(payment, "failed" if short else state, _SHORT if short else "")

    def _mandate(self, row: Mandate, action: str) -> None:
        row.status = action
        self._event(row.account, "mandates", action, {"mandate": row.id}, row.metadata)

    def _payment(self, row: Payment, action: str, why: str = "", state: str = "") -> None:
        row.status = state or _STATES.get(action, action)
        self._event(row.account, "payments", action, {"payment": row.id}, row.metadata, why)

    def _event(
        self, account: Account, kind: str, action: str, links: dict[str, str], metadata: dict[str, str], why: str = ""
    ) -> None:
        event = {
            "id": f"EV{self.new_id()}",
            "created_at": self.clock().isoformat(),
            "resource_type": kind,
            "action": action,
            "details": {"origin": "bank" if why else "gocardless", "cause": action, "description": why or action},
            "links": links,
            "metadata": {},
            "resource_metadata": metadata,
        }
        self.events.append((account, event))
        self._untold.append((account, event))


def _due(steps: tuple[tuple[str, int], ...], status: str, since: datetime, now: datetime) -> list[str]:
    """The states to go through by now, from the one it is in; none for what has left the way."""
    names = ["pending_submission", *(name for name, _ in steps)]
    if status not in names:
        return []
    return [name for name, days in steps[names.index(status) :] if since + timedelta(days=days) <= now]
