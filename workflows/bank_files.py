"""Statements of bank accounts read into lines: CAMT.053, OFX 1.x and 2.x here, CSV in `bank_csv`.

It reads bytes and keeps nothing. Only booked entries count; a file that is not what it says is refused whole.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from bankfile.normalize import parse_amount, parse_date
from bankfile.ofx import read_header
from bankfile.ofx.sgml import Node, parse_tags
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.money import Money
from workflows.errors import Refusal
from workflows.rows import plain

LARGEST, MOST_LINES = 5 * 1024 * 1024, 20_000
LONGEST_TEXT, LONGEST_ACCOUNT = 2_000, 64
REVERSED = "The bank took an earlier entry back."
_OFX_STATEMENTS = ("STMTRS", "CCSTMTRS")
_NOTHING = frozenset({"", "NOTPROVIDED", "NONREF", "NOT PROVIDED"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One booked line; what came in is positive. `id` is the bank's own where it has one, `aside` why it cannot be a
    customer's money, `line` where in the file it stands, counted from 1.
    """

    line: int
    account: str
    day: date
    amount: Money
    payer: str = ""
    text: str = ""
    id: str = ""
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a file holds: its entries, and a sentence for each line that could not be read."""

    kind: str
    entries: tuple[Entry, ...]
    bad: tuple[tuple[int, str], ...] = ()


def kind_of(raw: bytes) -> str:
    """camt, ofx or csv, as the file's own first words say. Refusal where it is too large, empty or none of them."""
    if not raw.strip():
        raise Refusal("This file is empty. Please choose the statement that your bank gave you.")
    if len(raw) > LARGEST:
        raise Refusal("This file is larger than 5 MB. Please ask your bank for a shorter period.")
    top = raw[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").upper()
    if top.startswith(b"OFXHEADER") or b"<OFX>" in top or b"<?OFX" in top:
        return "ofx"
    if top.startswith(b"<?XML") or (top.startswith(b"<") and b"DOCUMENT" in top.partition(b">")[0]):
        return "camt"
    is_utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    if (b"\0" in raw[:4096] and not is_utf16) or top.startswith((b"%PDF", b"PK\x03", b"<")):
        raise Refusal("This is no statement that can be read. Please bring it as CAMT.053, OFX or CSV.")
    return "csv"


def read(raw: bytes) -> Statement:
    """A CAMT.053 or OFX file. Refusal in one sentence where it is not what it says."""
    statement = _ofx(raw) if kind_of(raw) == "ofx" else _camt(raw)
    if len(statement.entries) > MOST_LINES:
        raise Refusal("This file has more than 20,000 lines. Please ask your bank for a shorter period.")
    return statement


def keyed(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Each line once, under a key that is the same in every file it is in: its account, day and sum with the bank's own
    id, else with its words and its rank among equal lines of the file.
    """
    found: dict[str, Entry] = {}
    equal: Counter[str] = Counter()
    for one in entries:
        said = (one.id, "") if one.id else (one.payer, one.text)
        about = "\x1f".join((one.account, one.day.isoformat(), str(one.amount), "id" if one.id else "", *said))
        digest = hashlib.sha256(about.encode()).hexdigest()[:40]
        equal[digest] += 1
        found[digest if one.id else f"{digest}-{equal[digest]}"] = one
    return found


def tidy(text: str, most: int = LONGEST_TEXT) -> str:
    """On one line, and fit to be kept."""
    return plain(" ".join(text.split()), most)


# CAMT.053


def _camt(raw: bytes) -> Statement:
    try:
        root = fromstring(raw, forbid_dtd=True)
    except DefusedXmlException:
        raise Refusal("This file defines entities of its own, which no bank does. It was not read.") from None
    except (ParseError, ValueError, LookupError):
        raise Refusal("This file is cut off or no XML. Please download it from your bank once more.") from None
    statements = root.findall("{*}BkToCstmrStmt/{*}Stmt")
    if not statements:
        raise Refusal("This XML is no CAMT.053 statement. Reports of the day (052) and notices (054) are not read.")
    entries: list[Entry] = []
    bad: list[tuple[int, str]] = []
    line = 0
    for statement in statements:
        account = _first(statement, "{*}Acct/{*}Id/{*}IBAN", "{*}Acct/{*}Id/{*}Othr/{*}Id")
        for entry in statement.findall("{*}Ntry"):
            line += 1
            try:
                entries += _booked(entry, tidy(account, LONGEST_ACCOUNT), line)
            except ValueError as error:
                bad.append((line, str(error)))
    return Statement("camt", tuple(entries), tuple(bad))


def _booked(entry: Element, account: str, line: int) -> list[Entry]:
    """A booked entry as one line, or as one for each payment in it where these add up to it. ValueError, a sentence."""
    status = _first(entry, "{*}Sts/{*}Cd", "{*}Sts")
    if status != "BOOK":
        if status in ("PDNG", "INFO", "FUTR"):
            return []
        raise ValueError("It does not say whether it is booked.")
    amount = _signed(entry)
    day = _day(_first(entry, "{*}BookgDt/{*}Dt", "{*}BookgDt/{*}DtTm", "{*}ValDt/{*}Dt", "{*}ValDt/{*}DtTm"))
    reversal = _first(entry, "{*}RvslInd") in ("true", "1")
    whole = Entry(line, account, day, amount, aside=REVERSED if reversal else "")
    details = entry.findall("{*}NtryDtls/{*}TxDtls")
    reference = _known(entry, "{*}AcctSvcrRef")
    parts = _parts(details, amount) if len(details) > 1 else None
    if parts is None:
        words = [_words(one) for one in details] + [_first(entry, "{*}AddtlNtryInf")]
        own = reference or (_known(details[0], "{*}Refs/{*}AcctSvcrRef") if len(details) == 1 else "")
        payers = dict.fromkeys(_payer(one, amount.minor > 0) for one in details)
        return [replace(whole, payer=tidy(" / ".join(filter(None, payers))), text=tidy(" ".join(words)), id=own)]
    made = []
    for place, (one, part) in enumerate(zip(details, parts, strict=True), 1):
        own = _known(one, "{*}Refs/{*}AcctSvcrRef") or (f"{reference}/{place}" if reference else "")
        own = own if own != reference else f"{reference}/{place}"
        payer = tidy(_payer(one, part.minor > 0))
        made.append(replace(whole, amount=part, payer=payer, text=tidy(_words(one)), id=own))
    return made


def _parts(details: list[Element], whole: Money) -> list[Money] | None:
    """The sums of a batch in the account's own currency; None where one is missing or they do not add up."""
    found = []
    for one in details:
        amount = one.find("{*}Amt")
        if amount is None:
            amount = one.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
        if amount is None or amount.get("Ccy") != whole.currency:
            return None
        direction = _first(one, "{*}CdtDbtInd") or ("CRDT" if whole.minor > 0 else "DBIT")
        try:
            found.append(_money(amount.text or "", whole.currency, direction))
        except ValueError:
            return None
    return found if sum(one.minor for one in found) == whole.minor else None


def _signed(entry: Element) -> Money:
    amount = entry.find("{*}Amt")
    if amount is None:
        raise ValueError("It has no sum.")
    return _money(amount.text or "", amount.get("Ccy", ""), _first(entry, "{*}CdtDbtInd"))


def _money(text: str, currency: str, direction: str) -> Money:
    if direction not in ("CRDT", "DBIT"):
        raise ValueError("It does not say whether the money came or went.")
    try:
        found = Money.parse(Decimal(text.strip()).normalize(), currency)
    except (ValueError, InvalidOperation):
        raise ValueError(f"The sum {text.strip()[:40]!r} could not be read.") from None
    return found if direction == "CRDT" else Money(-found.minor, currency)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("It has no day.") from None


def _words(detail: Element) -> str:
    """Everything by which a payment may be told: the words, references of both kinds, and the payer's own."""
    paths = ("Ustrd", "Strd/{*}CdtrRefInf/{*}Ref", "Strd/{*}RfrdDocInf/{*}Nb", "Strd/{*}AddtlRmtInf")
    said = [one.text or "" for path in paths for one in detail.findall(f"{{*}}RmtInf/{{*}}{path}")]
    said += [_known(detail, "{*}Refs/{*}EndToEndId"), _first(detail, "{*}AddtlTxInf")]
    return " ".join(filter(None, dict.fromkeys(said)))


def _payer(detail: Element, came: bool) -> str:
    """Who stands at the other end; where somebody paid for another, both."""
    role = "Dbtr" if came else "Cdtr"
    both = [
        _first(detail, f"{{*}}RltdPties/{{*}}{one}/{{*}}Nm", f"{{*}}RltdPties/{{*}}{one}/{{*}}Pty/{{*}}Nm")
        for one in (role, f"Ultmt{role}")
    ]
    return " / ".join(filter(None, dict.fromkeys(both)))


def _first(element: Element, *paths: str) -> str:
    """The first of these texts that says something."""
    return next(filter(None, ((element.findtext(path) or "").strip() for path in paths)), "")


def _known(element: Element, path: str) -> str:
    text = _first(element, path)
    return "" if text.upper() in _NOTHING else text


# OFX


def _ofx(raw: bytes) -> Statement:
    root, _ = parse_tags(read_header(raw).body)
    statements = [one for tag in _OFX_STATEMENTS for one in root.find_all(tag)]
    if not statements:
        raise Refusal("This OFX file holds no statement of a bank account.")
    entries: list[Entry] = []
    bad: list[tuple[int, str]] = []
    for line, (statement, node) in enumerate(_transactions(statements), 1):
        try:
            entries.append(_transaction(statement, node, line))
        except ValueError as error:
            bad.append((line, str(error)))
    return Statement("ofx", tuple(entries), tuple(bad))


def _transactions(statements: list[Node]) -> Iterator[tuple[Node, Node]]:
    """Each with its own statement, also where end tags are left out and one statement stands within another."""
    for statement in statements:
        for node in statement.find_all("STMTTRN", stop_at=frozenset(_OFX_STATEMENTS)):
            yield statement, node


def _transaction(statement: Node, node: Node, line: int) -> Entry:
    account = statement.find("BANKACCTFROM") or statement.find("CCACCTFROM")
    currency = (node.text("CURSYM") or statement.text("CURDEF") or "").strip().upper()
    amount, doubts = parse_amount(node.child_text("TRNAMT") or "", field="TRNAMT")
    day, days_doubts = parse_date(node.child_text("DTPOSTED") or "", field="DTPOSTED")
    if amount is None or doubts:
        raise ValueError(f"The sum {(node.child_text('TRNAMT') or '')[:40]!r} could not be read for certain.")
    if day is None or days_doubts:
        raise ValueError(f"The day {(node.child_text('DTPOSTED') or '')[:40]!r} could not be read for certain.")
    if not currency:
        raise ValueError("It names no currency.")
    if node.child("CURRENCY") is not None:
        raise ValueError("Its sum is in another currency than its account.")
    payee = node.child("PAYEE")
    words = (node.child_text(tag) for tag in ("NAME", "MEMO", "REFNUM"))
    return Entry(
        line,
        tidy(account.child_text("ACCTID") or "", LONGEST_ACCOUNT) if account else "",
        day,
        Money.parse(amount.normalize(), currency),
        tidy(node.child_text("NAME") or (payee.child_text("NAME") if payee else "") or ""),
        tidy(" ".join(filter(None, words))),
        tidy(node.child_text("FITID") or "", 255),
    )
