"""Who a step is written to: the words of the cadence put into addresses.

Only this: whether anything may be said to them is for the vetoes.
"""

from __future__ import annotations

from core.cadence import USUAL, Readers
from core.facts import AccountFacts, InvoiceFacts


def readers(to: tuple[str, ...], invoice: InvoiceFacts, account: AccountFacts) -> tuple[str, ...]:
    """Everybody it is meant for, each once and in order; also those who cannot be written to."""
    if to == USUAL:
        return invoice.recipients
    found: set[str] = set()
    for one in to:
        found.update(_addresses(one, invoice, account))
    return tuple(sorted(found))


def _addresses(one: str, invoice: InvoiceFacts, account: AccountFacts) -> tuple[str, ...]:
    if one == Readers.INVOICE:
        return invoice.recipients
    if one == Readers.ACCOUNT:
        return account.emails
    if one == Readers.EVERYONE:
        return (*invoice.recipients, *account.emails, *account.people)
    return (one,)


def reachable(addresses: tuple[str, ...], account: AccountFacts) -> tuple[str, ...]:
    """Those who have not asked for silence and whose mail arrives."""
    if not (account.refused or account.bounced or account.opted_out):
        return addresses
    closed = account.refused | account.bounced | account.opted_out
    return tuple(one for one in addresses if one not in closed)
