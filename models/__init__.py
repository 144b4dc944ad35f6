"""Tables by subject: columns, constraints, relations. No decisions, no queries."""

from models.answers import Attempt, AttemptLine, Dispute, Promise, promise_invoice
from models.audit import AuditEvent, AuditKey
from models.base import Base
from models.connection import Connection, Delivery, Grant
from models.effects import Effect, EffectKind, EffectState, MissedStep, Touch, TouchInvoice, TouchRecipient
from models.ledger import Account, Credit, Invoice, Payment, UnreadableRow
from models.practice import CadenceVersion, Company, Memory, Practice, User

__all__ = [
    "Account",
    "Attempt",
    "AttemptLine",
    "AuditEvent",
    "AuditKey",
    "Base",
    "CadenceVersion",
    "Company",
    "Connection",
    "Credit",
    "Delivery",
    "Dispute",
    "Effect",
    "EffectKind",
    "EffectState",
    "Grant",
    "Invoice",
    "Memory",
    "MissedStep",
    "Payment",
    "Practice",
    "Promise",
    "Touch",
    "TouchInvoice",
    "TouchRecipient",
    "UnreadableRow",
    "User",
    "promise_invoice",
]
