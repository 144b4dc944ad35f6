"""Tables by subject: columns, constraints, relations. No decisions, no queries."""

from models.answers import Attempt, AttemptLine, Dispute, Promise, promise_invoice
from models.audit import AuditEvent, AuditKey
from models.base import Base
from models.connection import Connection, Delivery, Grant
from models.desk import Notice, Posting
from models.effects import Effect, EffectKind, EffectState, MissedStep, Touch, TouchInvoice, TouchRecipient
from models.ledger import Account, Credit, Invoice, Payment, Term, UnreadableRow
from models.practice import CadenceVersion, Company, Memory, Practice, User
from models.reading import CallCount, CallWindow, DirtyRow, Reading

__all__ = [
    "Account",
    "Attempt",
    "AttemptLine",
    "AuditEvent",
    "AuditKey",
    "Base",
    "CadenceVersion",
    "CallCount",
    "CallWindow",
    "Company",
    "Connection",
    "Credit",
    "Delivery",
    "DirtyRow",
    "Dispute",
    "Effect",
    "EffectKind",
    "EffectState",
    "Grant",
    "Invoice",
    "Memory",
    "MissedStep",
    "Notice",
    "Payment",
    "Posting",
    "Practice",
    "Promise",
    "Reading",
    "Term",
    "Touch",
    "TouchInvoice",
    "TouchRecipient",
    "UnreadableRow",
    "User",
    "promise_invoice",
]
