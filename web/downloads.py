"""A file to keep, as an answer: a browser never shows it inside our pages."""

from __future__ import annotations

from flask import Response


def pdf(name: str, body: bytes) -> Response:
    """`name` is a plain file name that needs no quoting, such as statement-2026-03-02.pdf."""
    response = Response(body, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
