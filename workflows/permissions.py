"""What a company's connection does not allow us to write, in words for people: why not, and who can mend it.

What it does allow is told by `workflows.grants`; nothing is asked or decided here.
"""

from __future__ import annotations

from integrations.ledgers.base import Feature, LedgerKind, features

_WRITING = {
    Feature.PAYMENTS: "booking payments",
    Feature.ON_ACCOUNT: "booking money on account",
    Feature.CREDITS: "writing credit notes",
    Feature.INVOICES: "writing invoices for fees",
    Feature.EXPENSES: "booking the fees of a processor",
    Feature.DATES: "changing dates of invoices",
    Feature.EXPECTED: "keeping the day on which money is expected",
    Feature.NOTES: "adding notes to invoices",
}
_NOT_ALLOWED = (
    "Dunlin has no permission for {what} in {ledger}. Connect the company again and allow it, then try again."
)
_NOT_ASKED = (
    "Dunlin has no permission for {what} in {ledger}, for this installation does not ask for it. Whoever runs this "
    "installation must add {scopes} to the scopes it asks for. Connect the company again after that, then try again."
)
_NO_PLACE = "{ledger} has no way of {what}. Drop it here."


def missing(kind: LedgerKind, feature: Feature) -> str:
    """Why this cannot be written, and who can mend it: the company's people, whoever runs Dunlin, or nobody."""
    what, asked = _WRITING[feature], kind.oauth.scopes
    if feature not in kind.scopes:
        return _NO_PLACE.format(ledger=kind.label, what=what)
    if feature in features(kind.scopes, asked):
        return _NOT_ALLOWED.format(ledger=kind.label, what=what)
    scopes = ", ".join(sorted(kind.scopes[feature][0] - set(asked)))
    return _NOT_ASKED.format(ledger=kind.label, what=what, scopes=scopes)
