"""Which role each change of the console asks for. Looking is open to whoever is signed in, save what is named here.

A change that nobody thought of asks for an accountant. What only an owner may do the workflows refuse by themselves,
with a sentence of their own; it is named here so that nobody else is offered the form.
"""

from __future__ import annotations

import re

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from jinja2.ext import Extension

from core.roles import Role
from models import User
from web.guards import runtime
from workflows import people

_AT_LEAST = {
    # Everybody's own.
    Role.VIEWER: "auth telling security tokens",
    # The daily work: answering, approving, calling, settling what waits.
    Role.CLERK: """approvals bank by_hand data_requests desk heard holds tasks companies.pause companies.read_now
        connecting.check stop.company stop.everything bulk.change bulk.stop bulk.undo
        agreements.accept agreements.decline agreements.end agreements.give agreements.grant agreements.refuse
        invoices.expected_date invoices.note invoices.pay_link standing.write_to""",
    Role.ACCOUNTANT: "approvals.rule holds.segment",
    # Where money goes, whom messages come from, who comes in, and what cannot be undone.
    Role.OWNER: """paying.change_bank paying.connect paying.disconnect paying.remove_bank paying.stop senders.change
        senders.remove senders.sign_in erasing.erase leaving security.end_person team""",
}
# By endpoint, or by room for all of its changes.
NEEDS = {name: role for role, names in _AT_LEAST.items() for name in names.split()}
# Pages that are not only looked at: they show what is sealed, or hand out all that is known of somebody.
LOOKING: dict[str, Role] = {"desk.row": Role.CLERK, "desk.file": Role.CLERK, "handovers.file": Role.ACCOUNTANT}
LOOKING |= {"exports.of_company": Role.CLERK, "exports.of_all": Role.CLERK, "exports.whole": Role.ACCOUNTANT}
LOOKING |= dict.fromkeys(("leaving.receipts", "leaving.receipt", "leaving.paper", "leaving.data"), Role.OWNER)
# What concerns companies that may not be open to who is limited to some.
WHOLE = (
    *("changes", "connecting.begin", "library.add", "library.save", "rollouts.roll_out", "rollouts.roll_back"),
    *("stop.everything", "stop.resume", "drafts"),
)
_INSIDE = r"(?:(?!</form>).)*"
_FORM = re.compile(rf"<form\b(?=[^>]*\bmethod=\"post\"){_INSIDE}?url_for\('([\w.]+)'{_INSIDE}</form>", re.DOTALL)


class Offered(Extension):
    """A form that whoever looks may not send is not on the page: every form of every template is asked about."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return _FORM.sub(r"{% if may('\1') %}\g<0>{% endif %}", source)


def register(app: Flask) -> None:
    app.jinja_env.add_extension(Offered)
    app.jinja_env.globals.update(may=may, may_look=may_look)
    app.before_request(_require_role)


def needed(endpoint: str, changes: bool = True) -> Role:
    """The least role that an endpoint asks for."""
    if not changes:
        return LOOKING.get(endpoint, Role.VIEWER)
    return NEEDS.get(endpoint) or NEEDS.get(endpoint.partition(".")[0], Role.ACCOUNTANT)


def may(endpoint: str) -> bool:
    """Whether whoever is signed in may make this change; a customer's own page asks nobody."""
    found: User | None = g.get("person")
    return found is None or (Role(found.role).may(needed(endpoint)) and not (found.limited and _is_whole(endpoint)))


def may_look(endpoint: str) -> bool:
    """Whether whoever is signed in may open this page or take this file."""
    return Role(g.person.role).may(needed(endpoint, changes=False))


def _is_whole(endpoint: str) -> bool:
    return endpoint in WHOLE or endpoint.partition(".")[0] in WHOLE


def _require_role() -> ResponseReturnValue | None:
    """After the door: who is in, and does what."""
    found: User | None = g.get("person")
    if found is None or request.endpoint is None:
        return None
    changes = request.method not in ("GET", "HEAD", "OPTIONS")
    role = needed(request.endpoint, changes)
    # The workflows know best what only an owner may, and say whom to ask.
    if not Role(found.role).may(min(role, Role.ACCOUNTANT, key=list(Role).index)):
        return _refused(f"This needs {_A[role]}")
    if changes and found.limited and _is_whole(request.endpoint):
        return _refused("This concerns companies that are not open to you")
    return None


_A = {Role.VIEWER: "a viewer", Role.CLERK: "a clerk", Role.ACCOUNTANT: "an accountant", Role.OWNER: "an owner"}


def _refused(sentence: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        whom = people.names_of_owners(session, g.person.practice_id)
    text = f"{sentence}. Nothing was changed; please ask {whom}."
    return render_template("errors/error.html", code=403, title="Not yours to change", sentence=text), 403
