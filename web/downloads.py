"""A file to keep, as an answer: a browser never shows it inside our pages."""

from __future__ import annotations

import mimetypes

from flask import Response


def file(name: str, body: bytes) -> Response:
    """`name` is a plain file name that needs no quoting, such as statement-2026-03-02.pdf; it says what kind it is."""
    response = Response(body, mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
