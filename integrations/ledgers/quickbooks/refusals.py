"""QuickBooks' refusals as sentences for an accountant: what it is about and what to do. A table and its look-up."""

from __future__ import annotations

import re
from typing import NamedTuple


class Sentence(NamedTuple):
    """`quotes` is whether the vendor's own words follow, because they name the field, the date or the amount."""

    words: str
    quotes: bool = False


_FAULT = "Dunlin asked QuickBooks for something that it does not understand; please tell whoever runs Dunlin."
_CLOSED = (
    "QuickBooks has closed the books for that date. Choose a date after the closing date, or have the books opened."
)
_DEPOSITED = (
    "The payment is already part of a bank deposit in QuickBooks and cannot be changed. Take it out of the deposit "
    "there first, then try again."
)

SENTENCES = {
    "500": Sentence(_FAULT, quotes=True),
    "610": Sentence(
        "What this is about has been deleted or made inactive in QuickBooks. Look it up there; make it active again "
        "or settle this by hand."
    ),
    "2010": Sentence(_FAULT, quotes=True),
    "2020": Sentence("QuickBooks misses something it requires; enter this by hand in QuickBooks.", quotes=True),
    "2030": Sentence("QuickBooks does not know this number; look the document up there.", quotes=True),
    "2050": Sentence("A text is longer than QuickBooks takes; shorten it and try again.", quotes=True),
    "2170": Sentence(_FAULT, quotes=True),
    "2500": Sentence(
        "QuickBooks does not know an account, item, customer or document that is named here, or it is inactive. Choose "
        "the account or item again in the company's settings.",
        quotes=True,
    ),
    "4000": Sentence(_FAULT, quotes=True),
    "4001": Sentence(_FAULT, quotes=True),
    "4002": Sentence(
        "QuickBooks stumbles over one of its own rows, often a customer or an invoice with a broken e-mail address. "
        "Correct the address in QuickBooks.",
        quotes=True,
    ),
    "5010": Sentence("Somebody has changed this in QuickBooks meanwhile; it is read again before anything is changed."),
    "6000": Sentence("QuickBooks' own rules do not allow this; see what it says and correct it there.", quotes=True),
    "6140": Sentence("QuickBooks already has a document with this number; give it another number.", quotes=True),
    "6190": Sentence(
        "The company's QuickBooks subscription has ended or is suspended, so nothing can be read or booked. Renew it "
        "in QuickBooks."
    ),
    "6210": Sentence(_CLOSED, quotes=True),
    "6240": Sentence("QuickBooks already has a name like this; use the one that is there.", quotes=True),
    "6540": Sentence(_DEPOSITED),
    "404": Sentence("QuickBooks does not know this company or document; see whether it still exists there."),
    "413": Sentence("This is larger than QuickBooks takes; enter it by hand in QuickBooks."),
}

# 6000 stands for every rule of the books; the words tell which.
_BY_WORDS = (
    (re.compile(r"clos(?:ed|ing).{0,40}(?:period|date|books)|books.{0,20}closed", re.IGNORECASE), _CLOSED),
    (re.compile(r"deposited|bank deposit", re.IGNORECASE), _DEPOSITED),
    (
        re.compile(r"currenc|exchange rate", re.IGNORECASE),
        "QuickBooks does not take this in that currency. Check the currency of the customer, the document and the "
        "chosen account.",
    ),
    (
        re.compile(r"\b(?:gst|vat|tax)\b", re.IGNORECASE),
        "QuickBooks wants to know the tax for this. Choose an item with a tax code, or enter it by hand in QuickBooks.",
    ),
    (
        re.compile(r"inactive|deleted", re.IGNORECASE),
        "Something that is named here is inactive or deleted in QuickBooks. Make it active again, or choose another.",
    ),
    (
        re.compile(r"subscription", re.IGNORECASE),
        "The company's QuickBooks subscription does not allow this. See to the subscription in QuickBooks.",
    ),
)


def sentence(code: str, status: int, said: str) -> str:
    """One sentence or two about a refusal; `said` are the vendor's words, already short and without secrets."""
    known = SENTENCES.get(code or str(status), Sentence("QuickBooks refused this; look it up there.", quotes=True))
    words = known.words
    if code == "6000":
        words = next((better for pattern, better in _BY_WORDS if pattern.search(said)), words)
    return f"{words} QuickBooks says: {said}" if known.quotes and said else words
