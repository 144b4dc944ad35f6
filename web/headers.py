"""Strict response headers on everything. Sets headers only; a view may set its own policy first, and it is kept."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

_OPEN_TO_CACHES = ("static", "bootstrap.static")


def register(app: Flask) -> None:
    app.after_request(_strict)


def _strict(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy(current_app.config["DUNLIN_FORM_HOSTS"]))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint not in _OPEN_TO_CACHES or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
    if (request.blueprint or "").startswith("portal"):
        headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def policy(form_hosts: list[str]) -> str:
    """Everything from here; forms may also lead to the sign-in and payment pages in use."""
    forms = " ".join(["'self'", *form_hosts])
    return f"default-src 'self'; img-src 'self' data:; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"


# A message as it was sent: its own styles, no script, no request, no form, shown only inside our own pages.
MESSAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
