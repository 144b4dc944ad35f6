"""Customers who are hardly anybody to write to: own people, firms of the same group, sales over the counter.

It proposes from names and addresses alone and with reason; a person decides. Nothing is left out by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Exclusion(StrEnum):
    """Why somebody may be nobody to write to."""

    STAFF = "staff"
    GROUP = "group"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Known:
    """A customer as the ledger knows it; `key` is the caller's own name for it."""

    key: str
    name: str
    emails: tuple[str, ...] = ()


# Mailboxes that anybody can have: the same one says nothing of belonging together.
_MAILBOXES = """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com yahoo.com
    yahoo.co.uk yahoo.fr yahoo.de icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at web.de t-online.de freenet.de
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr btinternet.com sky.com virginmedia.com proton.me
    protonmail.com telefonica.net
"""
_ANYBODYS = frozenset(_MAILBOXES.split())
# What bookkeepers call the customer behind the till, in the four languages there are words for.
_TILL = frozenset(
    (
        *("cash", "cash sale", "cash sales", "cash customer", "counter sale", "counter sales", "walk in", "walk ins"),
        *("walk in customer", "till", "till sales", "shop sales", "over the counter", "sundry sales", "daily sales"),
        *("barverkauf", "barverkäufe", "laufkundschaft", "kasse", "kassenverkauf", "tageseinnahmen"),
        *("ventes comptoir", "vente comptoir", "client comptoir", "client de passage", "caisse", "ventes au comptant"),
        *("ventas al contado", "venta al contado", "cliente contado", "clientes contado", "caja", "mostrador"),
    )
)
# Says what a firm is, not who.
_WORDS = """
    ltd limited llc inc corp co company plc lp llp gmbh ag kg ohg ug sarl sas sa sl slu bv nv pty holdings
    holding group gruppe groupe grupo services trading the and und et y of"""
_FORMS = frozenset(_WORDS.split())
_WORD = re.compile(r"[^\W_]+")
_LEAST = 4  # signs of a single word that tells a firm from others


def propose(customers: Iterable[Known], company: str, addresses: Collection[str]) -> list[tuple[str, Exclusion]]:
    """(key, why) of those that look so, in the order given. `addresses` are the company's own and its people's."""
    domains = {_domain(one) for one in addresses} - _ANYBODYS - {""}
    whole = {one.strip().lower() for one in addresses}
    ours = _telling(company)
    found = []
    for one in customers:
        emails = {email.strip().lower() for email in one.emails}
        if " ".join(_words(one.name)) in _TILL:
            found.append((one.key, Exclusion.CASH))
        elif emails & whole or any(_domain(email) in domains for email in emails):
            found.append((one.key, Exclusion.STAFF))
        elif ours and _telling(one.name)[: len(ours)] == ours:
            found.append((one.key, Exclusion.GROUP))
    return found


def _words(name: str) -> list[str]:
    return _WORD.findall(name.casefold())


def _telling(name: str) -> list[str]:
    """The words by which a firm is known; [] where a single short one is left, which tells too little."""
    words = [word for word in _words(name) if word not in _FORMS]
    return words if len(words) > 1 or (words and len(words[0]) >= _LEAST) else []


def _domain(address: str) -> str:
    return address.strip().lower().rpartition("@")[2]
