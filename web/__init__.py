"""HTTP only: parse, authorise, one call into workflows, present. `register` puts every room of it on a Flask app.

It builds no runtime, reads no environment and knows no vendor.
"""

from __future__ import annotations

from flask import Flask
from flask_bootstrap import Bootstrap5

from web import (
    accounts,
    agreements,
    approvals,
    auth,
    backtest,
    bank,
    bulk,
    by_hand,
    changes,
    charges,
    companies,
    connecting,
    data_requests,
    desk,
    drafts,
    erasing,
    errors,
    exports,
    first_day,
    handovers,
    headers,
    health,
    heard,
    holds,
    invoices,
    joining,
    law,
    leaving,
    library,
    log,
    metrics,
    money_rules,
    month_end,
    papers,
    paying,
    payouts,
    periods,
    portal,
    portal_answers,
    portal_arrange,
    portal_more_time,
    portal_papers,
    portal_statement,
    portal_stop,
    portal_terms,
    readings,
    roles,
    rollouts,
    search,
    security,
    segments,
    senders,
    speech,
    standing,
    statements,
    stop,
    tasks,
    team,
    telling,
    terms,
    tokens,
    tracing,
    vendors,
    webhooks,
    wordings,
    words,
)
from web.api import pages as api
from web.guards import csrf, limiter
from workflows.runtime import Runtime

ROOMS = (
    health,
    papers,
    auth,
    security,
    segments,
    tokens,
    team,
    joining,
    companies,
    first_day,
    law,
    backtest,
    library,
    rollouts,
    drafts,
    wordings,
    changes,
    connecting,
    readings,
    senders,
    money_rules,
    charges,
    paying,
    bank,
    payouts,
    month_end,
    standing,
    accounts,
    statements,
    terms,
    heard,
    holds,
    agreements,
    by_hand,
    handovers,
    log,
    exports,
    erasing,
    data_requests,
    leaving,
    periods,
    approvals,
    tasks,
    invoices,
    desk,
    search,
    stop,
    telling,
    vendors,
    bulk,
    portal,
    portal_answers,
    portal_arrange,
    portal_more_time,
    portal_papers,
    portal_statement,
    portal_stop,
    portal_terms,
    webhooks,
    api,
)


def register(app: Flask, runtime: Runtime) -> None:
    """Put pages, portal and webhooks on `app`, which has its SECRET_KEY; closed by default to whoever is not signed in.

    Read from `app.config`: DUNLIN_FORM_HOSTS (origins a form may lead to), DUNLIN_MISSING ((name, sentence) pairs),
    DUNLIN_MAILBOX_URL (the demo's mailbox) and DUNLIN_PUBLIC_ENDPOINTS (further endpoints open to everybody).
    """
    app.extensions["dunlin"] = runtime
    secure = runtime.public_url.startswith("https://")
    app.config.update(
        BOOTSTRAP_SERVE_LOCAL=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        # With this name a browser takes it only from this very host, over TLS, for all of its pages.
        SESSION_COOKIE_NAME="__Host-dunlin" if secure else "dunlin",
        # A page may lie open on a phone for days; the token is bound to the session, not to an hour. Our pages send
        # no referrer, so the token alone decides.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    for name, value in (("DUNLIN_FORM_HOSTS", []), ("DUNLIN_MISSING", []), ("DUNLIN_MAILBOX_URL", "")):
        app.config.setdefault(name, value)
    app.config.setdefault("DUNLIN_PUBLIC_ENDPOINTS", ())
    if app.config.get("MAX_CONTENT_LENGTH") is None:
        app.config["MAX_CONTENT_LENGTH"] = 2 * 1024 * 1024
    Bootstrap5(app)
    tracing.register(app)
    metrics.register(app)
    app.before_request(portal.room_for_forms)
    app.before_request(bank.room_for_files)
    csrf.init_app(app)
    limiter.init_app(app)
    headers.register(app)
    errors.register(app)
    words.register(app)
    speech.register(app)
    auth.close_by_default(app)
    roles.register(app)
    for room in ROOMS:
        app.register_blueprint(room.pages)
    for room in (webhooks, portal_stop, api):  # what they are sent proves itself
        csrf.exempt(room.pages)
