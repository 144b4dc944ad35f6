"""How a dispute ends: a person has looked into it, the customer is told, and a credit is written to the ledger with it.

What opens one is said in `workflows.answers`.
"""

from __future__ import annotations

from core.money import Money
from models import Company, Dispute, Invoice
from workflows import audit, decided, planner, postings
from workflows.errors import Refusal
from workflows.runtime import Runtime

ENDINGS = ("corrected", "credited", "rejected", "withdrawn")


def settle(rt: Runtime, dispute_id: int, user_id: int, text: str, ending: str, credit: Money | None = None) -> None:
    """Corrected, credited (with `credit` a note over it is written), rejected or withdrawn. `text` says why, and the
    customer reads it. The invoice is spoken about again, beginning with the gentlest word.

    Refusal, and nothing is changed, where something is missing, the words would hurt, or the credit cannot be given.
    """
    if ending not in ENDINGS:
        raise Refusal("Please say how it ended: corrected, credited, rejected or withdrawn.")
    if credit is not None and ending != "credited":
        raise Refusal("A sum belongs to a credit only. Please choose that one was given, or leave the sum empty.")
    with rt.store.write() as session:
        found = session.get_one(Dispute, dispute_id, with_for_update={"key_share": True})
        if found.state != "open":
            raise Refusal("This dispute was already resolved.")
        company, invoice = session.get_one(Company, found.company_id), session.get_one(Invoice, found.invoice_id)
        needed = "Please note in a few words how it was resolved. The customer reads them."
        found.resolution = decided.checked(rt, session, company, found.account_id, text, needed)
        if credit is not None:
            postings.note_credit(rt, session, invoice.id, credit, found.resolution[: postings.LONGEST_WORDS], user_id)
        found.state, found.ending, found.resolved_at = "resolved", ending, rt.clock.now()
        audit.record(
            rt,
            session,
            "dispute-resolved",
            found.company_id,
            found.account_id,
            found.uid,
            user=user_id,
            text=found.resolution,
            ending=ending,
            credit=str(credit or ""),
        )
        decided.want(rt, session, "dispute-answered", found, [invoice], found.resolution)
        planner.wake_owners(rt, session, [found.invoice_id], found.account_id)
