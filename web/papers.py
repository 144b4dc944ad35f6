"""Privacy and terms, for everybody: what the operator wrote, or the template that is shipped, marked as one."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.guards import limiter, runtime
from workflows import papers

pages = Blueprint("papers", __name__)
_limit = limiter.limit("60 per minute")


@pages.get("/privacy")
@_limit
def privacy() -> str:
    return _page("privacy")


@pages.get("/terms")
@_limit
def terms() -> str:
    return _page("terms")


def _page(name: str) -> str:
    return render_template("entry/paper.html", paper=papers.read(runtime(), name), title=papers.NAMES[name])
