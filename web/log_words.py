"""What an entry of the log says, in words for people. A kind without words of its own is readable as it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Only where the kind itself, read as a sentence, would not be understood.
KINDS: Mapping[str, str] = {
    "address-bounced": "An address was noted as not reachable",
    "address-not-bounced": "An address was noted as reachable again",
    "address-opted-out": "An address wants no automatic messages",
    "address-not-opted-out": "An address wants to hear again",
    "address-complained": "A reader called a message unwanted",
    "addresses-tried-again": "Refused addresses are tried again",
    "approval-rule": "The rule for approvals was changed",
    "assigned": "Somebody was asked to look after the customer",
    "remark-made": "A note for colleagues was written",
    "remark-taken-back": "A note for colleagues was taken back",
    "arranged": "Parts were agreed on",
    "bank-details-set": "Bank details were changed",
    "booking-settled": "A booking was settled by a person",
    "bank-file-brought": "A statement of the bank was brought in",
    "bank-line-matched": "A person said what a bank line pays",
    "bank-line-refused": "A person said that a bank line does not pay what it seemed to",
    "bank-line-set-aside": "A bank line was set aside",
    "bank-line-undone": "What was said of a bank line was taken back",
    "brand": "The look of the customers' page was changed",
    "bulk-changed": "Many were changed at once",
    "bulk-undone": "A change of many was taken back",
    "by-hand-seen": "A message by hand was noted as seen",
    "by-hand-taken-back": "A message by hand was taken back",
    "by-hand-written": "A message was written by hand",
    "cadence-changed": "The cadence was changed",
    "cadence-given": "Another version of a cadence was given",
    "cadence-kept": "A version of a cadence was kept",
    "change-asked": "A guarded change was asked for",
    "change-done": "A guarded change took effect",
    "connected": "Connected to the ledger",
    "contact-given": "Mail goes to an address that a person gave",
    "contact-forgotten": "Mail goes to the addresses in the ledger again",
    "company-deleted": "A company was deleted; its receipt stays",
    "data-request-noted": "The customer asked for something by law",
    "data-request-closed": "What the customer asked for by law was answered",
    "deletion-asked": "An owner asked for a company to be deleted",
    "deletion-began": "A company began to be deleted",
    "deletion-called-off": "The deletion of a company was called off",
    "disconnected": "Disconnected from the ledger",
    "dispute-opened": "The customer said that something is wrong",
    "company-taken": "Everything of the company was downloaded",
    "list-taken": "A list was downloaded",
    "token-made": "A token for programs was made",
    "token-ended": "A token for programs was ended",
    "draft-begun": "A draft of a cadence was begun",
    "draft-changed": "A draft of a cadence was changed",
    "draft-proved": "A draft of a cadence was proved",
    "draft-approved": "A draft of a cadence was approved",
    "draft-kept": "A draft of a cadence was kept as a version",
    "draft-dropped": "A draft of a cadence was put away",
    "dossier-taken": "Everything kept about the customer was downloaded",
    "doubt-settled": "A person decided whether a message arrived",
    "erased": "A customer was erased",
    "first-day-step": "A step of the first day was gone through",
    "fresh-link-asked": "The customer asked for a fresh link",
    "handover-discarded": "A hand-over was thrown away",
    "handover-downloaded": "A hand-over was downloaded",
    "handover-prepared": "A hand-over was put together",
    "handover-recalled": "A hand-over was called back",
    "handover-released": "The customer was handed over to an agency",
    "held": "Somebody is left alone",
    "keys-rotated": "Everything was sealed under the newest key",
    "keys-retagged": "Every tag was made anew under another key",
    "limits-changed": "The limits on what customers may agree on were changed",
    "links-revoked": "Links to the customer's page were switched off",
    "live": "Sending was switched on",
    "log-taken": "The log was downloaded",
    "mandate-given": "The customer lets money be collected from their bank",
    "message-in_doubt": "A message is in doubt",
    "message-rejected": "A message was refused by the mail server",
    "message-sent": "A message was sent",
    "needs-reconnect": "The ledger lets us in no more",
    "not-live": "Sending was switched off",
    "notice-failed": "A notice to the practice could not be sent",
    "notice-sent": "A notice to the practice was sent",
    "invitation-withdrawn": "An invitation was taken back",
    "paused": "Everything was paused",
    "person-changed": "What somebody may do was changed",
    "person-invited": "Somebody was invited",
    "person-joined": "Somebody joined the practice",
    "person-left": "Somebody left the practice",
    "paying-choices": "How customers may pay was changed",
    "payment-begun": "A payment page was opened at the processor",
    "payment-booked": "A payment was booked in the ledger",
    "payment-closed": "A payment page was closed unused",
    "payment-coming": "A payment is on its way through the bank",
    "payment-refused": "The ledger refused a payment",
    "payment-removed": "A booked payment was taken out of the ledger",
    "payment-taken": "A payment was taken",
    "money-rules-changed": "The rules for prompt payment were changed",
    "charge-shown": "What lateness has come to is shown",
    "charge-asked": "A person asked for what lateness has come to",
    "charge-booked": "What was asked for lateness is in the ledger",
    "charge-waived": "What lateness had come to was left out",
    "discount-lapsed": "An offer of a discount ended",
    "discount-desk": "A discount was taken too late, and waits for a person",
    "discount-unearned": "What earned a discount went back, and a person must decide",
    "discount-kept": "A discount whose payment went back was left as it is",
    "discount-taken": "A discount whose payment went back is taken back",
    "steady-payer-thanked": "A credit was given for paying in time again and again",
    "posting-asked": "A change of the ledger was asked for",
    "processor-set": "The account at the processor was changed",
    "promise-made": "The customer promised a day",
    "raw-row-seen": "A row as the ledger sent it was looked at",
    "released": "A hold was let go of",
    "replies-changed": "Where replies go was changed",
    "resumed": "The pause ended",
    "rolled-back": "A roll-out was taken back",
    "rolled-out": "A cadence was rolled out",
    "segment": "The segment was changed",
    "segment-rule": "A segment was given a rule",
    "segment-rule-dropped": "The rule of a segment was taken away",
    "segment-rule-earlier": "The rule of a segment is asked earlier",
    "sender-accepted": "A sender was accepted although its domain is not in order",
    "sender-let-in": "The mailbox lets us in again",
    "sender-pace": "The pace of the mailbox was changed",
    "sender-proved": "A sender was proved",
    "sender-removed": "A sender was removed",
    "sender-shut-out": "The mailbox lets us in no more",
    "sender-signed-in": "Signed in to the mailbox",
    "sender-tested": "A test mail was sent",
    "sending-resumed": "All sending goes on",
    "sending-stopped": "All sending was stopped",
    "settings": "The settings were changed",
    "sign-in-refused": "A sign-in was refused",
    "signed-in": "Signed in",
    "signed-out": "Signed out",
    "task-settled": "A call or letter was settled",
    "task-not-needed": "A call or letter is not needed any more",
    "terms-added": "Terms were added",
    "terms-withdrawn": "Terms were withdrawn",
    "told": "The customer told us something",
    "told-closed": "What they told us was dealt with",
    "told-chosen": "Somebody chose what they are told",
    "treatment": "The customer said how they were treated",
}
NAMES: Mapping[str, str] = {"says": "what", "sha256": "SHA-256", "ending": "ended as"}
_HIDDEN = ("user", "owner")  # said beside the entry, by name


def title(kind: str) -> str:
    return KINDS.get(kind) or kind.replace("-", " ").replace("_", " ").capitalize()


def details(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was kept with it, name by name; nothing that is empty."""
    for name, value in said.items():
        if name not in _HIDDEN and value not in (None, "", [], {}, "None"):
            yield NAMES.get(name, name.replace("_", " ")), _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)
