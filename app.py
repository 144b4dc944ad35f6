"""Puts Dunlin together: the one place that knows everything. Decides nothing.

`create_app()` without arguments is what `flask` finds: the commands, each of which builds what it needs.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import cli
import commands
import settings as configuration
import web
from integrations.channels import providers
from integrations.dns.lookup import Dns
from integrations.ledgers.base import LedgerKind, LedgerSettings
from integrations.registry import CHANNELS, LEDGERS, PROCESSORS, processors
from integrations.transport import Transport
from models.store import Store
from settings import Settings
from workflows.begun import Begun
from workflows.clock import SystemClock
from workflows.engine import Embedded
from workflows.pacing import Turns
from workflows.runtime import Clock, Engine, Runtime, Upkeep
from workflows.vault import Vault


def new_id() -> str:
    """22 random URL-safe characters."""
    return secrets.token_urlsafe(16)


def _since_boot() -> float:
    """Seconds by a clock that nobody sets; where there is one that goes on while the machine sleeps, that."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def build_runtime(
    settings: Settings,
    *,
    store: Store | None = None,
    clock: Clock | None = None,
    engine: Engine | None = None,
    transport: Transport | None = None,
    ids: Callable[[], str] = new_id,
    calls: Counter[tuple[str, str]] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Runtime:
    """Fill a Runtime from settings; every part may be given instead, as the demo and the tests do."""
    transport = transport or Transport()
    counted: Counter[tuple[str, str]] = Counter() if calls is None else calls
    ledgers: dict[str, LedgerKind] = {
        kind: build(LedgerSettings(**settings.ledger(kind)))
        for kind, build in LEDGERS.items()
        if settings.ledger(kind)["client_id"]
    }
    return Runtime(
        clock=clock or SystemClock(),
        new_id=ids,
        me=ids()[:11],
        store=store or Store(settings.database_url, settings.database_connections),
        vault=Vault(settings.secret_keys, settings.index_key),
        mode=settings.mode,
        public_url=settings.public_url,
        mail_from=settings.mail_from,
        link_keys=tuple(reversed(settings.secret_keys)),
        transport=transport,
        ledgers=ledgers,
        processors=processors(lambda kind: settings.ledger(kind)["api_url"], transport),
        channel=CHANNELS["smtp"](settings.smtp_url) if settings.smtp_url and settings.mail_from else None,
        mailbox=partial(CHANNELS["smtp"], outside=not settings.is_demo),
        mail=providers.known(settings.ledger, settings.smtp_url if settings.is_demo else ""),
        resolver=None if settings.is_demo else Dns(),
        engine=engine or Embedded(),
        count_call=lambda kind, purpose: counted.update([(kind, purpose)]),
        pause=pause,
        turns=Turns(time.monotonic, pause),
        begun=Begun(_since_boot if clock is None else lambda: clock.now().timestamp()),
        upkeep=Upkeep(**settings.upkeep()),
        sign_ups=settings.sign_ups == "open",
        owners_need_code=not settings.is_demo,  # a demo's clock is moved by hand, and no device follows it
    )


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> Flask:
    """The commands alone, or with settings the whole web application."""
    app = Flask(__name__)
    if settings is None:
        cli.register(app, cli.House(build_runtime, create_app))
        for one in commands.EVERY:
            app.cli.add_command(one)
        return app
    app.config.update(SECRET_KEY=settings.secret_keys[0], SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]))
    app.config.update(DUNLIN_MISSING=configuration.missing(settings), DUNLIN_FORM_HOSTS=_form_hosts(settings))
    # One proxy in front terminates TLS; its word for scheme, host and client address is taken, and only one hop's.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    web.register(app, runtime or build_runtime(settings))
    return app


def _form_hosts(settings: Settings) -> list[str]:
    """Origins a form of ours may lead to: the ledgers' and mail providers' sign-in pages and the payment page."""
    urls = [settings.quickbooks_authorize_url, settings.xero_authorize_url]
    kinds = providers.known(settings.ledger, settings.smtp_url if settings.is_demo else "").values()
    urls += [kind.oauth.authorize_url for kind in kinds if kind.oauth]
    # The pretend processors' pages stand beside their API.
    urls += [settings.ledger(kind)["api_url"] if settings.is_demo else one.pages for kind, one in PROCESSORS.items()]
    # A browser checks every hop after a form; the vendors' sign-ins hop between hosts of their own.
    hops = [] if settings.is_demo else ["https://*.intuit.com", "https://*.xero.com"]
    return sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls} | set(hops))
