"""How long what is kept here: each period with its reason, and what the next night would forget. It changes nothing."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.auth import reach
from web.guards import runtime
from workflows import retention_ahead

pages = Blueprint("periods", __name__)


@pages.get("/how-long")
def show() -> str:
    with runtime().store.read() as session:
        rows = retention_ahead.next_night(runtime(), session, reach())
    return render_template("console/periods.html", rows=rows)
