"""Search from every page: customers, invoices and messages of all companies in reach. It parses, asks and shows."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from web import search_queries
from web.auth import reach
from web.guards import runtime

pages = Blueprint("search", __name__)
LONGEST = 100


@pages.get("/search")
def show() -> str:
    asked = " ".join(request.args.get("q", "").replace("\0", "").split())[:LONGEST]
    with runtime().store.read() as session:
        found = search_queries.find(session, reach(), asked) if asked else search_queries.Found()
    return render_template("console/search.html", asked=asked, found=found, most=search_queries.MOST)
