"""Which columns are about a customer, what becomes of each when they are erased, and why every other text stays.

The one place that says so: a test walks all tables and fails where a column is not named here. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from models import (
    Account,
    AddressWord,
    ApprovalRow,
    Arrangement,
    Attempt,
    AttemptLine,
    AuditEvent,
    AuditKey,
    BankFile,
    BankLine,
    BankMatch,
    Base,
    CadenceOverride,
    Charge,
    Contact,
    Decision,
    Dispute,
    Draft,
    Effect,
    Extension,
    Feedback,
    Handover,
    HoldRow,
    Invoice,
    Notice,
    Payment,
    Posting,
    Remark,
    Reversal,
    Reward,
    SentFile,
    Task,
    Terms,
    ToldRow,
    Touch,
    UnreadableRow,
)

Column = InstrumentedAttribute[Any]

# What stands there afterwards, table by table.
BLANKED: Mapping[type[Base], Mapping[Column, Any]] = {
    Account: {
        **dict.fromkeys((Account.name, Account.contact, Account.phone, Account.segment), ""),
        **dict.fromkeys((Account.country, Account.region, Account.zone), ""),
        **{one: [] for one in (Account.emails, Account.people, Account.refused, Account.instead, Account.because)},
        **dict.fromkeys((Account.language, Account.look_again), None),
        Account.care: False,
    },
    Invoice: {Invoice.emails: [], Invoice.cc: [], Invoice.pay_link: ""},
    Touch: {Touch.recipients: [], Touch.subject: "", Touch.text: "", Touch.html: ""},
    ApprovalRow: {ApprovalRow.subject: "", ApprovalRow.paragraphs: [], ApprovalRow.note: ""},
    HoldRow: {HoldRow.note: ""},
    ToldRow: {ToldRow.text: "", ToldRow.detail: {}, ToldRow.answer: ""},
    Arrangement: {Arrangement.note: "", Arrangement.agreed: "", Arrangement.answer: ""},
    Dispute: {Dispute.text: "", Dispute.resolution: ""},
    Extension: {Extension.text: "", Extension.answer: ""},
    Contact: {Contact.name: "", Contact.email: "", Contact.note: ""},
    Feedback: {Feedback.text: ""},
    Task: {Task.phone: "", Task.note: ""},
    Attempt: {Attempt.note: ""},
    Posting: {Posting.note: ""},
    Reward: {Reward.note: ""},
    BankLine: {BankLine.payer: "", BankLine.text: "", BankLine.note: ""},
    Charge: {Charge.note: ""},
    Effect: {Effect.note: ""},
    Handover: {Handover.note: "", Handover.file_sealed: None},
    Terms: {Terms.title: "Terms", Terms.text: "", Terms.pdf: None},
}
# Rows of an account that say nothing without what is personal in them.
DELETED: tuple[type[Base], ...] = (Draft, SentFile, CadenceOverride, Remark)
# Blanked where the account is only mentioned, each in its own way: see `workflows.erasure`.
MENTIONED: frozenset[Column] = frozenset(
    {
        AttemptLine.note,
        Reversal.note,
        AddressWord.note,
        BankMatch.why,
        Notice.subject,
        Notice.text,
        UnreadableRow.reason,
        UnreadableRow.raw_sealed,
        AuditKey.key_sealed,
        Effect.content,
        ApprovalRow.content,
        Posting.content,
        Handover.content,
    }
)
# What of a row's `content` stays: which invoices, which step, which row it was about; never who read it, or words.
KEPT = frozenset(
    {"day", "lines", "lead", "channel", "line", "posting", "attempt", "told", "on_account", "seen", "payment"}
)

# Why a text stays: tables that have nothing of customers, columns that mean the same everywhere, and single ones.
_PEOPLE, _SETTING = "about the practice's own people", "how the company works; nothing of a customer"
TABLES: Mapping[str, str] = {
    "practice": _PEOPLE,
    "user": _PEOPLE,
    "sign_in": _PEOPLE,
    "invitation": _PEOPLE,
    "identity": _PEOPLE,
    "api_token": _PEOPLE,
    "cadence_draft": _SETTING,
    "bulk_change": "ids of rows and codes: what was there before, and after",
    "company": _SETTING,
    "sender": _SETTING,
    "brand": _SETTING,
    "bank_details": _SETTING,
    "processor_account": _SETTING,
    "guarded_change": _SETTING,
    "cadence_version": _SETTING,
    "rollout": _SETTING,
    "term": _SETTING,
    "money_rules": _SETTING,
    "payout": "the processor's own name of what it moved",
    "payout_entry": "the processor's own names of payments, and sums",
    "memory": "what the installation remembers of itself",
    "pulse": "what the installation remembers of itself",
    "departure": "how many messages left a mailbox; no reader",
    "grant": "the practice's own permission at its ledger or mail provider",
    "connection": "the company's own tie to its ledger",
    "reading": "counts of a reading, and why it failed",
    "call_count": "counts of calls",
    "call_window": "counts of calls",
    "dirty_row": "the ledger's own name of a row, until it is read",
    "delivery": "sealed, cannot be told apart by customer, and gone after 30 days",
    "audit_event": "ids and codes, chained; what it says is sealed with a key that the erasure destroys",
    "audit_head": "sums over the log",
    "missed_step": "the name of a step",
    "touch_invoice": "the name of a step, and the version of an invoice",
    "touch_recipient": "a hash under the installation's key, so that one day's limits hold",
    "instalment": "amounts and days",
    "promise": "days and a state",
    "mandate": "the processor's own name of a permission, needed where money goes back",
    "payment": "the ledger's own books, which tax law has kept; the reference is what a booking is found by",
    "credit": "the ledger's own books, which tax law has kept",
}
COLUMNS: Mapping[str, str] = {
    "uid": "random",
    "external_id": "the ledger's own name of the row, without which money could not be told apart",
    "customer": "the ledger's own name of the customer, without which money could not be told apart",
    "bills_to": "the ledger's own name of a customer",
    "merged_into": "the ledger's own name of a customer",
    "version": "the ledger's own count of changes",
    "currency": "a code",
    "state": "a code",
    "status": "a code",
    "raw_status": "a code of the ledger",
    "kind": "a code",
    "cause": "a code",
    "reason": "a code",
    "step": "the name of a step",
    "channel": "a code",
    "fingerprint": "a sum over steps and days",
    "ending": "a code",
    "outcome": "a code",
    "entity": "a code",
    "term": "the ledger's own name of payment terms",
}
SINGLE: Mapping[Column, str] = {
    Account.payer: "a code that is learned anew from days of payment",
    Invoice.number: "on the invoice itself, which tax law has kept",
    Invoice.branding: "the ledger's own name of a layout",
    Invoice.gone_why: "a code",
    Touch.recipients_hash: "a hash under the installation's key: that somebody was written to, not who",
    Touch.message_id: "random, with the sender's own domain",
    Touch.evidence: "figures and file names of the moment of sending: why it was right",
    AddressWord.address_hash: "a hash under the installation's key: who wants no mail is not forgotten with it",
    Effect.key: "ids and hashes: nothing is done twice",
    Effect.lease_owner: "random",
    Decision.because: "codes, invoice ids and days",
    Decision.actions: "names of steps and invoice ids",
    Attempt.processor: "a code",
    Attempt.method: "a code",
    Attempt.checkout_id: "the processor's own name of a payment, needed where money goes back",
    Attempt.payment_reference: "the processor's own name of a payment, needed where money goes back",
    Attempt.link: "ids, a day and hashes, of a link that opens nothing any more",
    AttemptLine.ledger_payment: "the ledger's own name of a payment",
    BankFile.name: "the practice's own name of a file",
    BankFile.digest: "a sum over a file, so that it is not taken twice",
    BankLine.account: "the company's own bank account",
    Reward.counted: "the uids of invoices, each of which counts once",
    Charge.rule: "a code",
    Charge.lines: "days, balances and rates: how a sum came about, which the books rest on",
    Charge.ledger_invoice: "the ledger's own name of an invoice",
    Handover.agency: "the name of a firm",
    Handover.file_hash: "a sum over a file",
    Feedback.about: "ids",
    Notice.key: "ids",
    Notice.topic: "a code",
    UnreadableRow.external_id: "the ledger's own name of the row",
    AuditEvent.payload_hash: "a sum",
    Payment.reference: "what a booking is found by",
}
