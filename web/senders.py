"""The page on which a company's own mailbox is set up, proved, checked and paced. Never shows a password or a token."""

from __future__ import annotations

import hmac
from email.utils import parseaddr
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from integrations.channels.base import Pace
from models import Company, Sender
from web import confirming, own
from web.auth import person
from web.guards import runtime
from web.presenters import State
from workflows import compose, departures, domains, proving, senders, succession
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("senders", __name__)

FINDINGS = {
    domains.RIGHT: ("In order", "good"),
    domains.WEAK: ("Does not help", "warn"),
    domains.MISSING: ("Missing", "warn"),
    domains.UNKNOWN: ("Not known", "calm"),
}
INSTALLATION = State("Installation's address", "calm", "Messages leave from an address of this installation.")


def _back(uid: str, sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("senders.show", uid=uid), 303)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    uid = (request.view_args or {}).get("uid", "")
    if uid:
        return _back(uid, str(refusal), "warn")
    flash(str(refusal), "warn")
    return redirect(url_for("companies.home"), 303)


def state_of(sender: Sender | None) -> State:
    """How the mailbox stands, in a word and a sentence."""
    if sender is None:
        return INSTALLATION
    if sender.trouble:
        return State("Shut out", "warn", f"{sender.trouble} What is due waits; nothing leaves by another way.")
    if sender.state == "proved":
        return State("Proved", "good", f"Messages leave from {sender.address}.")
    if sender.in_use_since:
        return State("To be proved again", "warn", "Nothing leaves until it is proved again: it was changed.")
    return State("To be proved", "warn", "It is not used before it is proved; until then nothing changes.")


@pages.app_template_global("sender_line")
def sender_line(company: Company) -> tuple[str, State]:
    """(the bare address messages leave from, how that stands) for the company's own page."""
    rt = runtime()
    with rt.store.read() as rows:
        return parseaddr(compose.sender_of(rt, rows, company)[0])[1], state_of(senders.of(rows, company.id))


@pages.get("/companies/<uid>/sender")
def show(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    now = rt.clock.now()
    with rt.store.read() as rows:
        sender, coming = senders.of(rows, company.id), succession.successor(rows, company.id)
        seen = compose.sender_of(rt, rows, company)
        left = departures.lately(rows, sender.mailbox, now) if sender else (0, 0)
    newest = coming or sender
    return render_template(
        "console/sender.html",
        company=company,
        sender=sender,
        coming=coming,
        newest=newest,
        newest_provider=senders.provider_of(rt, newest) if newest else None,
        guards=succession.guards(rt, company.id),
        state=state_of(sender),
        seen=seen,
        left=left,
        limits=list(departures.limits(sender, today_of(company, now))) if sender else [],
        provider=senders.provider_of(rt, sender) if sender else None,
        sign_ins=[one for one in rt.mail.values() if one.oauth],
        findings=domains.findings_of(newest) if newest else [],
        finding_words=FINDINGS,
        hopeless=newest is not None and domains.is_hopeless(newest),
        code=request.args.get("code", "")[:12],
        ports=senders.PORTS,
    )


def _confirm(company: Company) -> None:
    """A person's own password, where money could be led astray by the change."""
    if succession.guards(runtime(), company.id):
        confirming.confirm()


@pages.post("/companies/<uid>/sender")
@confirming.limited
def change(uid: str) -> ResponseReturnValue:
    company, form = own.company(uid), request.form
    _confirm(company)
    port = form.get("port", "587").strip()
    if not port.isascii() or not port.isdigit() or len(port) > 5:
        raise Refusal("Please give the port as a number, such as 587.")
    text = {name: form.get(name, "") for name in ("address", "name", "reply_to", "host", "user", "password")}
    details = senders.Details(
        kind=form.get("kind", senders.SMTP), port=int(port), wrapped=form.get("tls") == "wrapped", **text
    )
    sender = succession.ask(runtime(), company.id, details, person().id)
    if sender.successor:
        return _back(
            uid, "Noted. All owners are told now. Prove it; it takes over in 24 hours at the earliest.", "calm"
        )
    if sender.kind != senders.SMTP and sender.grant_id is None:
        return _back(uid, "Saved. Now sign in to the mailbox.", "calm")
    if sender.state != "proved":
        return _back(uid, "Saved. Now send the test mail and type its code.", "calm")
    return _back(uid, "Saved; nothing had changed.")


@pages.post("/companies/<uid>/sender/sign-in")
def sign_in(uid: str) -> ResponseReturnValue:
    """To the provider's own page."""
    kind, url, state, verifier = succession.begin_sign_in(runtime(), own.company(uid).id, person().id)
    session["mail-consent"] = {"kind": kind, "state": state, "verifier": verifier, "company": uid}
    return redirect(url, 303)


@pages.get("/mail/<kind>/callback")
def signed_in(kind: str) -> ResponseReturnValue:
    """Back from the provider. The state is used up whatever happens, so that an answer counts once."""
    begun: Any = session.pop("mail-consent", None)
    if not isinstance(begun, dict) or begun.get("kind") != kind:
        raise Refusal("No sign-in to a mailbox was under way here. Open the company's page Sender and sign in there.")
    company = own.company(begun["company"])
    if not hmac.compare_digest(begun["state"].encode(), request.args.get("state", "").encode()):
        return _back(company.uid, "The answer did not match our question. Nothing was kept; sign in again.", "warn")
    try:
        succession.signed_in(runtime(), company.id, kind, request.args.to_dict(), begun["verifier"])
    except Refusal as refusal:
        return _back(company.uid, str(refusal), "warn")
    return _back(company.uid, "Signed in. Now send the test mail and type its code.", "calm")


@pages.post("/companies/<uid>/sender/test")
def send_test(uid: str) -> ResponseReturnValue:
    address = proving.send_code(runtime(), own.company(uid).id)
    return _back(uid, f"A test mail is on its way to {address}. Type the code that is in it.")


@pages.post("/companies/<uid>/sender/prove")
def prove(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    if proving.prove(runtime(), company.id, request.form.get("code", "")[:40]):
        return _back(uid, f"Proved. {company.name} speaks from its own mailbox from now on.")
    return _back(uid, "Proved. It takes over as soon as its 24 hours are over; until then nothing changes.")


@pages.post("/companies/<uid>/sender/check")
def check(uid: str) -> ResponseReturnValue:
    rt, company = runtime(), own.company(uid)
    with rt.store.read() as rows:
        sender = senders.newest(rows, company.id)
    if sender is None:
        raise Refusal("There is no mailbox whose domain could be checked.")
    selector = request.form.get("selector", "").strip()
    found = domains.check(rt, company.id, senders.provider_of(rt, sender), selector)
    unknown = any(one.state == domains.UNKNOWN for one in found)
    return _back(uid, "Not everything could be checked just now." if unknown else "Checked just now.", "calm")


@pages.post("/companies/<uid>/sender/accept")
def accept(uid: str) -> ResponseReturnValue:
    domains.accept(runtime(), own.company(uid).id)
    return _back(uid, "Noted: it sends although its domain is not set up.", "calm")


@pages.post("/companies/<uid>/sender/pace")
def pace(uid: str) -> ResponseReturnValue:
    numbers = [request.form.get(f"per_{name}", "").strip() or "0" for name in ("minute", "hour", "day")]
    if not all(one.isascii() and one.isdigit() and len(one) < 8 for one in numbers):
        raise Refusal("Please give whole numbers of messages; leave a field empty for any number.")
    wanted = Pace(*map(int, numbers))
    senders.set_pace(runtime(), own.company(uid).id, wanted, request.form.get("gentle") == "on")
    return _back(uid, "Saved.")


@pages.post("/companies/<uid>/sender/remove")
@confirming.limited
def remove(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    _confirm(company)
    if succession.remove(runtime(), company.id, person().id):
        return _back(uid, f"{company.name} speaks from the installation's address again.", "calm")
    return _back(
        uid, "Noted. All owners are told now; it is taken away in 24 hours unless one of them stops it.", "calm"
    )
