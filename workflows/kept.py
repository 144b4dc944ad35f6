"""Everything kept of one customer, as a ZIP for them: what the law lets anybody ask for of what is kept about them.

What `dossier` has for an agency, and what an agency does not get: their own files, notes about them, how they are
judged. It asks nobody and changes nothing but the log, which says who took it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models import (
    Account,
    AddressWord,
    Arrangement,
    Contact,
    DataRequest,
    Extension,
    Feedback,
    Handover,
    HoldRow,
    Invoice,
    Mandate,
    SentFile,
)
from workflows import archive, audit, dossier, retention
from workflows.bundle import README, WHAT
from workflows.dossier import Books, When
from workflows.runtime import Runtime

_FURTHER = {
    "profile.csv": "what is kept of them as a customer, and how their payments are judged",
    "more-time.csv": "more time that they asked for or were given",
    "proposed-contacts.csv": "whom they asked us to write to instead",
    "feedback.csv": "what they said of how they were treated",
    "notes.csv": "what people of ours noted about them",
    "permissions.csv": "permissions to collect from their bank",
    "hand-overs.csv": "when they were handed to an agency",
    "files/": "files that they sent",
}


def taken(rt: Runtime, account_id: int, user_id: int) -> bytes:
    """The ZIP. Who took it is kept in the log."""
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        audit.record(rt, session, "dossier-taken", account.company_id, account_id, account.uid, user=user_id)
    with rt.store.read() as session:
        found = dossier.books(session, account_id)
        files = dossier.files(rt, session, found) | _further(rt, session, found)
    files[README] = _readme(rt, found, files).encode()
    return archive.packed(files, rt.clock.now())


def _further(rt: Runtime, session: Session, found: Books) -> dict[str, bytes]:
    when = partial(dossier.moment, company=found.company)
    account_id = found.account.id
    contacts = session.scalars(select(Contact).where(Contact.account_id == account_id).order_by(Contact.id)).all()
    feedback = session.scalars(select(Feedback).where(Feedback.account_id == account_id).order_by(Feedback.id)).all()
    mandates = session.scalars(select(Mandate).where(Mandate.account_id == account_id).order_by(Mandate.id)).all()
    handed = session.scalars(select(Handover).where(Handover.account_id == account_id).order_by(Handover.id)).all()
    return {
        "profile.csv": _profile(rt, session, found, when),
        "more-time.csv": _more_time(session, found, when),
        "proposed-contacts.csv": archive.table(
            ("said", "name", "e-mail", "note", "state"),
            ((when(one.made_at), one.name, one.email, one.note, one.state) for one in contacts),
        ),
        "feedback.csv": archive.table(
            ("said", "from 1 (badly) to 5 (well)", "in their words"),
            ((when(one.made_at), one.score, one.text) for one in feedback),
        ),
        "notes.csv": _notes(session, account_id, when),
        "permissions.csv": archive.table(
            ("given", "currency", "state", "ended"),
            ((when(one.made_at), one.currency, one.state, when(one.ended_at)) for one in mandates),
        ),
        "hand-overs.csv": archive.table(
            ("prepared", "released", "to", "note", "state", "ended"),
            (
                (when(one.prepared_at), when(one.released_at), one.agency, one.note, one.state, when(one.ended_at))
                for one in handed
            ),
        ),
        **_files(rt, session, account_id),
    }


def _profile(rt: Runtime, session: Session, found: Books, when: When) -> bytes:
    account = found.account
    hashes = {rt.vault.hash_address(one): one for one in {*account.emails, *account.instead, *account.refused}}
    mine = AddressWord.company_id == account.company_id, AddressWord.address_hash.in_(hashes)
    words = session.scalars(select(AddressWord).where(*mine).order_by(AddressWord.id)).all()
    rows: list[tuple[object, ...]] = [
        ("name in the ledger's books", account.external_id),
        ("language", account.language or found.company.language),
        ("country and region", f"{account.country} {account.region}".strip()),
        ("time zone", account.zone),
        ("segment", account.segment),
        ("pays as (learned from the days of their payments)", account.payer),
        ("days late as a rule (learned in the same way)", account.usual_delay),
        ("a person speaks with them, nothing is sent by itself", "yes" if account.care else "no"),
        *(("written to instead, as they asked", one) for one in account.instead),
        *(("address that was refused", one) for one in account.refused),
        *((f"{one.cause} since {when(one.at)}", hashes[one.address_hash]) for one in words),
    ]
    return archive.table(("what", "value"), [row for row in rows if row[1] != ""])


def _more_time(session: Session, found: Books, when: When) -> bytes:
    wanted = select(Extension).where(Extension.account_id == found.account.id).order_by(Extension.id)
    return archive.table(
        ("asked", "invoices", "until the end of", "in their words", "state", "answer", "decided"),
        (
            (
                when(one.asked_at),
                _numbers(one.invoices),
                one.day,
                one.text,
                one.state,
                one.answer,
                when(one.decided_at),
            )
            for one in session.scalars(wanted.options(selectinload(Extension.invoices)))
        ),
    )


def _numbers(invoices: Iterable[Invoice]) -> str:
    return ", ".join(one.number for one in sorted(invoices, key=lambda one: one.id))


def _notes(session: Session, account_id: int, when: When) -> bytes:
    holds = session.scalars(select(HoldRow).where(HoldRow.account_id == account_id).order_by(HoldRow.id))
    plans = session.scalars(select(Arrangement).where(Arrangement.account_id == account_id).order_by(Arrangement.id))
    rows = [("left alone", one.made_at, one.note) for one in holds]
    rows += [("payment in parts", one.made_at, text) for one in plans for text in (one.note, one.agreed, one.answer)]
    asked = session.scalars(select(DataRequest).where(DataRequest.account_id == account_id).order_by(DataRequest.id))
    rows += [(f"asked by law: {one.kind}", one.noted_at, text) for one in asked for text in (one.note, one.outcome)]
    return archive.table(
        ("about", "when", "what was noted"), ((what, when(at), text) for what, at, text in rows if text)
    )


def _files(rt: Runtime, session: Session, account_id: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in session.scalars(select(SentFile).where(SentFile.account_id == account_id).order_by(SentFile.id)):
        stem, dot, ending = one.name.rpartition(".")
        name = archive.new_name("files/", stem or ending, f".{ending}" if dot and ending.isalnum() else "", found)
        found[name] = rt.vault.unseal(one.body_sealed)
    return found


def _readme(rt: Runtime, found: Books, files: Mapping[str, bytes]) -> str:
    now, company = rt.clock.now(), found.company
    what = {**WHAT, **_FURTHER}
    here = {
        name: words
        for name, words in what.items()
        if name == archive.INDEX or any(one == name or (name[-1] == "/" and one.startswith(name)) for one in files)
    }
    lines = [
        f"Everything that Dunlin keeps of {found.account.name or 'a customer whose details were erased'},",
        f"customer of {company.name}{f' ({company.email})' if company.email else ''}.",
        "",
        f"Put together on {dossier.moment(now, company)}. Times are those of {company.zone or 'UTC'}.",
        "",
        "What it is used for",
        f"  {company.name} reads its own books, reminds of invoices that are open, and takes payments and answers.",
        "  How payments are judged decides only how soon and how gently a message is sent; a person can change it.",
        "",
        "Where it comes from",
        "  Names, addresses, invoices and payments: the books of the company. Answers and files: their own page.",
        "",
        "How long it is kept",
        *(f"  {one.what}: {retention.days(rt, one)} days" for one in retention.TABLE),
        "",
        "What is in it",
        *(f"  {name}: {words}" for name, words in here.items()),
        "",
        "What is not in it",
        "  Hashes and sums that cannot be read, the log's own chain (the practice gives it separately), and the books",
        "  themselves, which the company keeps in its ledger.",
        "  In the tables, text that begins like a formula has an apostrophe in front.",
    ]
    return "\n".join(lines) + "\n"
