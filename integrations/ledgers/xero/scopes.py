"""What Dunlin asks Xero for, and what each feature needs: a table of Xero's scopes, granular and broad.

Apps made since 2 March 2026 have the granular ones only; older ones may still have been given the broad ones, which
end in September 2027. https://developer.xero.com/documentation/guides/oauth2/scopes/
"""

from __future__ import annotations

from itertools import product

from integrations.ledgers.base import Feature, Scopes

ASKED = (
    *("openid", "profile", "email", "offline_access", "accounting.invoices", "accounting.payments"),
    *("accounting.contacts.read", "accounting.settings.read"),
)
_BROAD = "transactions"  # was invoices, payments, bank transactions and manual journals in one


def _writing(what: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({f"accounting.{name}"}) for name in (what, _BROAD))


def _reading(*names: str) -> tuple[str, ...]:
    """Any one of these is enough; who may write may read."""
    return tuple(f"accounting.{name}{may}" for name in names for may in (".read", ""))


# One of each, in every combination; a set for each, because a broad scope may stand for several.
_READ = tuple(
    dict.fromkeys(
        frozenset(choice)
        for choice in product(
            _reading("invoices", _BROAD), _reading("payments", _BROAD), _reading("contacts"), _reading("settings")
        )
    )
)
SCOPES: Scopes = {
    Feature.READ: _READ,
    Feature.DOCUMENTS: _READ,
    Feature.PAYMENTS: _writing("payments"),
    Feature.ON_ACCOUNT: _writing("banktransactions"),
    Feature.CREDITS: _writing("invoices"),
    Feature.INVOICES: _writing("invoices"),
    # Which of the two it takes, the account that payments arrive on says, and it may be changed at any time.
    Feature.EXPENSES: (
        frozenset({"accounting.banktransactions", "accounting.manualjournals"}),
        frozenset({f"accounting.{_BROAD}"}),
    ),
    Feature.DATES: _writing("invoices"),
    Feature.EXPECTED: _writing("invoices"),
    Feature.NOTES: _writing("invoices"),
}
