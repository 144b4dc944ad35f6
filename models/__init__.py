"""Tables by subject: columns, constraints, relations. No decisions, no queries."""

from models.answers import Attempt, AttemptLine, Dispute, Promise, promise_invoice
from models.audit import AuditEvent, AuditHead, AuditKey
from models.bank import BankFile, BankLine, BankMatch
from models.base import Base
from models.cadences import CadenceDraft, CadenceOverride, CadenceVersion, Rollout
from models.connection import Connection, Delivery, Grant
from models.decisions import ApprovalRow, Decision, Draft, Task
from models.desk import Notice, Posting
from models.effects import Effect, EffectKind, EffectState, MissedStep, Touch, TouchInvoice, TouchRecipient
from models.holds import AddressWord, Arrangement, HoldRow, InstalmentRow, ToldRow, arrangement_invoice, told_invoice
from models.leaving import ApiAnswer, DataRequest, Deletion
from models.ledger import Account, Credit, Invoice, Payment, Term, UnreadableRow
from models.papers import Handover, Terms, TermsGiven
from models.paying import BankDetails, Brand, GuardedChange, Mandate, ProcessorAccount, Reversal
from models.people import ApiToken, CompanyAccess, Identity, Invitation, SignIn, User
from models.practice import Company, Memory, Practice
from models.pulse import Pulse
from models.reading import CallCount, CallWindow, DirtyRow, Reading
from models.rules import Charge, MoneyRules, Payout, PayoutEntry, Reward
from models.sender import Departure, Sender
from models.wishes import Contact, Extension, Feedback, SentFile, extension_invoice
from models.wordings import Wording
from models.work import BulkChange, Remark, SegmentRule

__all__ = [
    "Account",
    "AddressWord",
    "ApiAnswer",
    "ApiToken",
    "ApprovalRow",
    "Arrangement",
    "Attempt",
    "AttemptLine",
    "AuditEvent",
    "AuditHead",
    "AuditKey",
    "BankDetails",
    "BankFile",
    "BankLine",
    "BankMatch",
    "Base",
    "Brand",
    "BulkChange",
    "CadenceDraft",
    "CadenceOverride",
    "CadenceVersion",
    "CallCount",
    "CallWindow",
    "Charge",
    "Company",
    "CompanyAccess",
    "Connection",
    "Contact",
    "Credit",
    "DataRequest",
    "Decision",
    "Deletion",
    "Delivery",
    "Departure",
    "DirtyRow",
    "Dispute",
    "Draft",
    "Effect",
    "EffectKind",
    "EffectState",
    "Extension",
    "Feedback",
    "Grant",
    "GuardedChange",
    "Handover",
    "HoldRow",
    "Identity",
    "InstalmentRow",
    "Invitation",
    "Invoice",
    "Mandate",
    "Memory",
    "MissedStep",
    "MoneyRules",
    "Notice",
    "Payment",
    "Payout",
    "PayoutEntry",
    "Posting",
    "Practice",
    "ProcessorAccount",
    "Promise",
    "Pulse",
    "Reading",
    "Remark",
    "Reversal",
    "Reward",
    "Rollout",
    "SegmentRule",
    "Sender",
    "SentFile",
    "SignIn",
    "Task",
    "Term",
    "Terms",
    "TermsGiven",
    "ToldRow",
    "Touch",
    "TouchInvoice",
    "TouchRecipient",
    "UnreadableRow",
    "User",
    "Wording",
    "arrangement_invoice",
    "extension_invoice",
    "promise_invoice",
    "told_invoice",
]
