"""Whether the world will believe mail from a company's domain: SPF, DKIM and DMARC looked up, and said in sentences.

What could not be looked up is unknown, never fine. It asks the DNS only; no database session is open meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.channels.base import MailKind
from integrations.dns.base import Resolver
from integrations.errors import Transient
from models import Sender
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime

RIGHT, WEAK, MISSING, UNKNOWN = "right", "weak", "missing", "unknown"
# Where keys are usually found when nobody says where.
USUAL = ("default", "dkim", "mail", "s1", "s2", "k1", "key1", "selector1", "selector2", "google", "smtp")
LOOKUPS = 10  # https://www.rfc-editor.org/rfc/rfc7208#section-4.6.4
CLIMBS = 8  # names asked, going up: https://datatracker.ietf.org/doc/draft-ietf-dmarc-dmarcbis/
SHORTEST_KEY = 140  # bytes of an RSA key of 1,024 bits; shorter ones are not believed any more
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Finding:
    """One of SPF, DKIM, DMARC. `state`: right, weak, missing or unknown; `evidence` is what the DNS said; `says` what
    that means and `do` what to do about it, "" where nothing is to be done.
    """

    about: str
    state: str
    says: str
    do: str = ""
    evidence: str = ""


def findings_of(sender: Sender) -> list[Finding]:
    """What was found last."""
    return [Finding(**one) for one in sender.findings]


def forget(sender: Sender) -> None:
    """It was another domain's."""
    sender.findings, sender.checked_at, sender.accepted_at = [], None, None


def is_hopeless(sender: Sender) -> bool:
    """Whether its mail would surely be turned away: it is not said who sends for the domain, and nothing is signed."""
    states = {one.about: one.state for one in findings_of(sender)}
    return states.get("SPF") == MISSING and states.get("DKIM") == MISSING


def check(rt: Runtime, company_id: int, provider: MailKind | None, selector: str | None = None) -> list[Finding]:
    """Look it all up now and keep it with the mailbox. A `selector` is where a person says the DKIM key is."""
    if selector and _SELECTOR.fullmatch(selector) is None:
        raise Refusal("A selector is a short name of letters, digits and dashes, such as selector1.")
    with rt.store.read() as session:
        sender = _own(session, company_id)
    place = sender.selector if selector is None else selector
    domain = sender.address.rpartition("@")[2].lower()
    found = look_up(rt.resolver, domain, provider, place)
    with rt.store.write() as session:
        row = session.get_one(Sender, sender.id)
        if row.address == sender.address:
            row.findings, row.checked_at, row.selector = [asdict(one) for one in found], rt.clock.now(), place
    return found


def accept(rt: Runtime, company_id: int) -> None:
    """A person says that the company sends all the same."""
    with rt.store.write() as session:
        sender = _own(session, company_id)
        sender.accepted_at = rt.clock.now()
        audit.record(rt, session, "sender-accepted", company_id, subject=sender.uid, findings=sender.findings)


def _own(session: Session, company_id: int) -> Sender:
    """The newest: what is to take another's place is looked up before it does."""
    mine = Sender.company_id == company_id
    found = session.scalars(select(Sender).where(mine).order_by(Sender.successor.desc())).first()
    if found is None:
        raise Refusal("There is no mailbox of its own whose domain could be looked up.")
    return found


def look_up(resolver: Resolver | None, domain: str, provider: MailKind | None, selector: str) -> list[Finding]:
    """SPF, DKIM and DMARC of a domain, in this order."""
    if resolver is None:
        says = "Not looked up: in a demo nobody outside is asked."
        return [Finding(about, UNKNOWN, says) for about in ("SPF", "DKIM", "DMARC")]
    questions = {
        "SPF": partial(_spf, resolver, domain, provider),
        "DKIM": partial(_dkim, resolver, domain, provider, selector),
        "DMARC": partial(_dmarc, resolver, domain),
    }
    return [_answer(about, question) for about, question in questions.items()]


def _answer(about: str, question: partial[Finding]) -> Finding:
    try:
        return question()
    except Transient as error:
        says = f"It could not be checked: {str(error)[:1].lower()}{str(error)[1:]}"
        return Finding(about, UNKNOWN, says, "Check again in a few minutes.")


# SPF: which servers send for the domain


def _spf(resolver: Resolver, domain: str, provider: MailKind | None) -> Finding:
    say, include = partial(Finding, "SPF"), provider.include if provider else ""
    records = _spf_records(resolver, domain)
    if not records:
        known = f'says "v=spf1 include:{include} ~all".'
        rest = known if include else 'begins with "v=spf1"; your mail provider tells you the rest.'
        do = f"Add a TXT record at {domain} that {rest}"
        return say(MISSING, f"{domain} does not say which servers send for it.", do)
    record, terms = records[0], records[0].lower().split()[1:]
    if len(records) > 1:
        says = f"{domain} has {len(records)} SPF records, so none of them counts."
        return say(WEAK, says, "Make one of them.", record)
    if "+all" in terms or "all" in terms:
        return say(WEAK, "The record lets the whole world send.", "Let it end with ~all or -all.", record)
    named = list(_included(resolver, terms))
    if len(named) > LOOKUPS:
        return say(WEAK, f"The record needs more than {LOOKUPS} look-ups, so it does not count.", "Shorten it.", record)
    if not provider or not include:
        says = f"{domain} says which servers send for it; only your provider knows if its own are named."
        return say(RIGHT, says, evidence=record)
    if include not in named:
        do = f"Add include:{include} to the record, before its end."
        return say(WEAK, f"{provider.label} may not send for {domain}, says the record.", do, record)
    return say(RIGHT, f"{provider.label} may send for {domain}.", evidence=record)


def _spf_records(resolver: Resolver, name: str) -> list[str]:
    return [one for one in resolver.texts(name) if one.lower() == "v=spf1" or one.lower().startswith("v=spf1 ")]


def _included(resolver: Resolver, terms: Sequence[str]) -> Iterator[str]:
    """The names a record leads to, and those they lead to; one more than allowed at the most."""
    waiting, seen = [_led_to(term) for term in terms], 0
    while waiting and seen <= LOOKUPS:
        name = waiting.pop(0)
        if not name:
            continue
        seen += 1
        yield name
        for record in _spf_records(resolver, name)[:1] if "%" not in name and "." in name else ():
            waiting += [_led_to(term) for term in record.lower().split()[1:]]


def _led_to(term: str) -> str:
    """What a term makes a receiver look up; "" for one that costs nothing."""
    bare = term.lstrip("+-~?")
    for start in ("include:", "redirect="):
        if bare.startswith(start):
            return bare.removeprefix(start).rstrip(".")
    costly = bare in ("a", "mx", "ptr") or bare.startswith(("a:", "a/", "mx:", "mx/", "ptr:", "exists:"))
    return bare.partition(":")[0] if costly else ""


# DKIM: whether what is sent is signed


def _dkim(resolver: Resolver, domain: str, provider: MailKind | None, selector: str) -> Finding:
    say = partial(Finding, "DKIM")
    usual = dict.fromkeys((*(provider.selectors if provider else ()), *USUAL))
    for name in (selector,) if selector else usual:
        place = f"{name}._domainkey.{domain}"
        for record in resolver.texts(place):
            key = _tags(record).get("p")
            if key is None:
                continue
            if key == "" or not _is_long_enough(record, key):
                what = "was withdrawn" if key == "" else "is too short to be believed"
                return say(WEAK, f"The key at {place} {what}.", "Have your mail provider make a new one.", record)
            return say(RIGHT, f"What {domain} sends can be signed: there is a key at {place}.", evidence=_short(record))
    switch_on = f"Switch DKIM on at {provider.label if provider else 'your mail provider'} for {domain}"
    if selector:
        return say(MISSING, f"There is no key at {selector}._domainkey.{domain}.", f"{switch_on}, or mend the name.")
    says = f"No key was found under the names that are usual ({', '.join(list(usual)[:4])} and others)."
    return say(MISSING, says, f"{switch_on}. If it is on, type the name (selector) of its key below.")


def _tags(record: str) -> dict[str, str]:
    """The `name=value` parts of a record; {} when it is of another kind."""
    parts = (part.partition("=") for part in record.split(";"))
    tags = {name.strip().lower(): "".join(value.split()) for name, sign, value in parts if sign}
    return tags if tags.get("v", "DKIM1") == "DKIM1" else {}


def _is_long_enough(record: str, key: str) -> bool:
    """Ed25519 keys are short and good."""
    if _tags(record).get("k", "rsa") != "rsa":
        return True
    try:
        return len(base64.b64decode(key, validate=True)) >= SHORTEST_KEY
    except binascii.Error:
        return False


def _short(record: str) -> str:
    return record if len(record) <= 120 else f"{record[:120]}…"


# DMARC: what is asked of receivers


def _dmarc(resolver: Resolver, domain: str) -> Finding:
    say = partial(Finding, "DMARC")
    place, records = _dmarc_records(resolver, domain)
    if not records:
        says = (
            f"{domain} does not say what to do with mail that only claims to come from it; large providers ask for it."
        )
        do = f'Add a TXT record at _dmarc.{domain} that says "v=DMARC1; p=none; rua=mailto:postmaster@{domain}".'
        return say(MISSING, says, do)
    if len(records) > 1:
        return say(WEAK, f"There are {len(records)} records at {place}, so none counts.", "Keep one.", records[0])
    tags = {name.strip().lower(): value.strip().lower() for name, _, value in map(_parted, records[0].split(";"))}
    policy = tags.get("sp", tags.get("p", "")) if place != f"_dmarc.{domain}" else tags.get("p", "")
    if policy not in ("none", "quarantine", "reject"):
        return say(WEAK, f"The record at {place} does not say what to do (p=).", "Let it say p=none.", records[0])
    words = {"none": "only watches", "quarantine": "puts doubtful mail aside", "reject": "turns doubtful mail away"}
    return say(RIGHT, f"There is a policy at {place}; it {words[policy]}.", evidence=records[0])


def _parted(part: str) -> tuple[str, str, str]:
    return part.partition("=")


def _dmarc_records(resolver: Resolver, domain: str) -> tuple[str, list[str]]:
    """(where, records): the domain's own, else those of the nearest name above it."""
    labels = domain.split(".")
    for height in (0, *range(max(1, len(labels) - CLIMBS + 1), len(labels) - 1)):
        place = f"_dmarc.{'.'.join(labels[height:])}"
        texts = resolver.texts(place)
        records = [one for one in texts if one.replace(" ", "").upper().startswith("V=DMARC1")]
        if records:
            return place, records
    return f"_dmarc.{domain}", []
