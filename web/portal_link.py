"""The link in the address, opened once for each request. Whom it lets in is said in `workflows.links`."""

from __future__ import annotations

from flask import g

from web.guards import runtime
from workflows import links
from workflows.links import LinkTarget


def opened(token: str) -> LinkTarget:
    """What the link opens. BadLink when it opens nothing."""
    known: dict[str, LinkTarget] = g.setdefault("links", {})
    if token not in known:
        known[token] = links.read(runtime(), token)
    return known[token]
