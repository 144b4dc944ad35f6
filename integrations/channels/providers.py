"""Mail providers as data, one entry a kind, and the sign-in at those for which this installation has keys.

Sources: the providers' own pages on SMTP, limits, SPF and DKIM, read in November 2026. It asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from integrations.channels.base import MailKind, Pace
from integrations.channels.smtp import mailbox_at
from integrations.oauth import OAuthApp

_MICROSOFT = OAuthApp(
    label="Microsoft",
    client_id="",
    client_secret="",
    authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 (no password, an address)
    revoke_url="",  # there is none: people withdraw it in their own account
    scopes=("https://outlook.office.com/SMTP.Send", "offline_access"),
    pkce=True,
)
_GOOGLE = OAuthApp(
    label="Google",
    client_id="",
    client_secret="",
    # Without these two Google gives a permission that cannot be renewed, from the second consent on.
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent",
    token_url="https://oauth2.googleapis.com/token",  # noqa: S106 (no password, an address)
    revoke_url="https://oauth2.googleapis.com/revoke",
    scopes=("https://mail.google.com/",),
    pkce=True,
)
PROVIDERS = (
    MailKind(
        kind="microsoft",
        label="Microsoft 365",
        host="smtp.office365.com",
        port=587,
        wrapped=False,
        hosts=("office365.com", "outlook.com"),
        include="spf.protection.outlook.com",
        selectors=("selector1", "selector2"),
        pace=Pace(minute=30, day=10_000),
        oauth=_MICROSOFT,
    ),
    MailKind(
        kind="google",
        label="Google",
        host="smtp.gmail.com",
        port=465,
        wrapped=True,
        hosts=("gmail.com", "googlemail.com"),
        include="_spf.google.com",
        selectors=("google", "20230601"),
        pace=Pace(day=2_000),
        free=("gmail.com", "googlemail.com"),
        free_pace=Pace(day=500),
        oauth=_GOOGLE,
    ),
    MailKind(
        kind="fastmail",
        label="Fastmail",
        host="smtp.fastmail.com",
        port=465,
        wrapped=True,
        hosts=("fastmail.com", "messagingengine.com"),
        include="spf.messagingengine.com",
        selectors=("fm1", "fm2", "fm3"),
    ),
    MailKind(
        kind="proton",
        label="Proton Mail",
        host="smtp.protonmail.ch",
        port=587,
        wrapped=False,
        hosts=("protonmail.ch", "proton.me"),
        include="_spf.protonmail.ch",
        selectors=("protonmail", "protonmail2", "protonmail3"),
    ),
)


def known(keys: Callable[[str], Mapping[str, str]], demo_server: str = "") -> dict[str, MailKind]:
    """Every provider by its kind. `keys` gives client_id, client_secret and login_url of one, where they are set.

    With `demo_server`, the one mail server of a demo, mailboxes are there, and only a stand-in is signed in to.
    """
    return {one.kind: _ready(one, keys(one.kind), demo_server) for one in PROVIDERS}


def _ready(kind: MailKind, keys: Mapping[str, str], demo_server: str) -> MailKind:
    login = keys.get("login_url", "").rstrip("/")
    app = kind.oauth
    if app is None or not keys.get("client_id") or (demo_server and not login):
        app = None
    else:
        app = replace(app, client_id=keys["client_id"], client_secret=keys["client_secret"])
    if app is not None and login:
        app = replace(app, authorize_url=f"{login}/authorize", token_url=f"{login}/token", revoke_url="")
    if not demo_server:
        return replace(kind, oauth=app)
    server = mailbox_at(demo_server)
    return replace(kind, oauth=app, host=server.host, port=server.port, wrapped=server.wrapped)
