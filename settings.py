"""Reads the environment, once, into one frozen `Settings`; nothing else in Dunlin looks at it.

It checks what it reads and says in one sentence what is wrong and what to do. It opens no database and no socket; the
one thing it writes is the file of secrets made on the first start.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from settings_checks import SettingsError as SettingsError  # callers catch it by our name
from settings_checks import check_keys, check_reach, host_of
from settings_secrets import kept_secrets

PREFIX = "DUNLIN_"
TESTS_PREFIX = "DUNLIN_TEST_"  # belongs to the test suite; the product neither reads nor refuses it
KEY_LENGTH = 32


def _hidden(description: str) -> Any:
    """A field that never shows in a log or a traceback."""
    return Field(default="", repr=False, description=description)


_MAILBOXES = "The client id of your app at {}, with which companies sign in to their own mailboxes at {}."
_LOGIN = "Where `/authorize` and `/token` are found instead of at {}; empty: the real ones."
_SCOPES = "The scopes to ask for in a consent, separated by spaces, instead of all that Dunlin can make use of."


class Settings(BaseSettings):
    """Every setting of an installation. Made by `load`; never changed afterwards."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["demo", "production"] = Field(
        "production", description="`production`, or `demo`: a pretend world on this machine that can reach nobody."
    )
    var: Path = Field(
        Path("var"),
        description="The folder for the database, the secrets and your own rates; keep it, and keep it private.",
    )
    database_url: str = Field(
        "",
        repr=False,
        description="Where the data is kept: `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`. "
        "Without it, an SQLite file in `DUNLIN_VAR`.",
    )
    database_connections: int = Field(
        20, ge=4, le=200, description="How many connections to PostgreSQL one process may hold at a time."
    )
    public_url: str = Field(
        "",
        description="The address under which people and the ledgers reach this installation, such as "
        "`https://dunlin.example.com`. Portal links and sign-ins at the ledgers are built on it.",
    )
    sign_ups: Literal["open", "closed"] = Field(
        "closed",
        description="Whether strangers may begin a practice of their own here through Xero or Intuit: `open` for an "
        "installation that is listed in the vendors' marketplaces. The first owner always may.",
    )
    artwork: Path | None = Field(
        None, description="A folder with the vendors' own pictures for their buttons; see docs/marketplace.md."
    )
    host: str = Field("127.0.0.1", description="The network address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="The port the web server listens on.")
    secret_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        repr=False,
        description="The keys that seal tokens and personal data, newest first, separated by commas. To change the "
        "key, put a new one in front. Without it, one is made on the first start and kept in `DUNLIN_VAR`.",
    )
    index_key: str = _hidden(
        "The key by which sealed ids are found again. Without it, one is made on the first start and kept in "
        "`DUNLIN_VAR`. To change it, see `flask keys`."
    )
    old_index_key: str = _hidden("The index key used before; needed only while `flask keys retag` moves to a new one.")

    quickbooks_client_id: str = Field("", description="The client id of your app at Intuit.")
    quickbooks_client_secret: str = _hidden("The client secret of your app at Intuit.")
    quickbooks_webhook_key: str = _hidden("The verifier token of your app's webhooks at Intuit.")
    quickbooks_authorize_url: str = Field(
        "https://appcenter.intuit.com/connect/oauth2", description="Where people consent to the QuickBooks connection."
    )
    quickbooks_token_url: str = Field(
        "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", description="Where QuickBooks tokens are fetched."
    )
    quickbooks_revoke_url: str = Field(
        "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        description="Where QuickBooks tokens are given back.",
    )
    quickbooks_discovery_url: str = Field(
        "https://developer.api.intuit.com/.well-known/openid_configuration",
        description="Where Intuit says by which keys its sign-ins are checked; with Intuit's development keys "
        "`https://developer.api.intuit.com/.well-known/openid_sandbox_configuration`.",
    )
    quickbooks_api_url: str = Field(
        "https://quickbooks.api.intuit.com",
        description="The QuickBooks API; with Intuit's development keys `https://sandbox-quickbooks.api.intuit.com`.",
    )
    quickbooks_scopes: str = Field("", description=_SCOPES)
    quickbooks_quota: int = Field(
        0, ge=0, description="Reads a month that Intuit lets this app make over all companies; 0: the free 500,000."
    )

    xero_client_id: str = Field("", description="The client id of your app at Xero.")
    xero_client_secret: str = _hidden("The client secret of your app at Xero.")
    xero_webhook_key: str = _hidden("The webhooks key of your app at Xero.")
    xero_authorize_url: str = Field(
        "https://login.xero.com/identity/connect/authorize", description="Where people consent to the Xero connection."
    )
    xero_token_url: str = Field("https://identity.xero.com/connect/token", description="Where Xero tokens are fetched.")
    xero_revoke_url: str = Field(
        "https://identity.xero.com/connect/revocation", description="Where Xero tokens are given back."
    )
    xero_discovery_url: str = Field(
        "https://identity.xero.com/.well-known/openid-configuration",
        description="Where Xero says by which keys its sign-ins are checked.",
    )
    xero_api_url: str = Field("https://api.xero.com", description="The Xero API, without a path.")
    xero_scopes: str = Field("", description=_SCOPES)
    xero_quota: int = Field(
        0,
        ge=0,
        description="Calls a day that Xero lets this app make for one organisation; 0: the 1,000 of its first tier.",
    )

    stripe_api_url: str = Field("https://api.stripe.com", description="The Stripe API.")
    gocardless_api_url: str = Field("https://api.gocardless.com", description="The GoCardless API.")

    smtp_url: str = _hidden(
        "The mail server messages leave through: `smtp://user:password@host:587`, or `smtps://…` for TLS from the "
        "start."
    )
    mail_from: str = Field(
        "",
        description="The domain (each company then gets an address of its own in it) or the one address messages are "
        "sent from.",
    )
    microsoft_client_id: str = Field("", description=_MAILBOXES.format("Microsoft", "Microsoft 365"))
    microsoft_client_secret: str = _hidden("The client secret of your app at Microsoft.")
    microsoft_login_url: str = Field("", description=_LOGIN.format("Microsoft"))
    google_client_id: str = Field("", description=_MAILBOXES.format("Google", "Google"))
    google_client_secret: str = _hidden("The client secret of your app at Google.")
    google_login_url: str = Field("", description=_LOGIN.format("Google"))

    backup_to: Path | None = Field(
        None, description="The folder a backup is put into every night; without it none is taken by itself."
    )
    backups_kept: int = Field(14, ge=1, description="How many of the nightly backups are kept.")
    keep_days: Annotated[dict[str, int], NoDecode] = Field(
        {},
        description="For how many days what is of no more use is kept, such as `words=180,messages=3650`; "
        "`docs/operations.md` lists the names and what holds without it.",
    )
    papers: Path | None = Field(None, description="The folder with your own `privacy.md` and `terms.md`.")
    drain_seconds: int = Field(
        20, ge=1, le=600, description="How long what is being sent may take to finish when Dunlin is told to stop."
    )
    metrics_token: str = _hidden("What Prometheus must show to read `/metrics`; without it there are no metrics.")

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, _settings: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_others: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands in, so that a test or a command can be given an environment of its own."""
        return (init_settings,)

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _newest_first(cls, value: Any) -> Any:
        return tuple(key.strip() for key in value.split(",") if key.strip()) if isinstance(value, str) else value

    @field_validator("keep_days", mode="before")
    @classmethod
    def _days(cls, value: Any) -> Any:
        pairs = [one.partition("=") for one in value.split(",") if one.strip()] if isinstance(value, str) else []
        if not all(days.strip().isdigit() and int(days) > 0 for _, _, days in pairs):
            raise ValueError("must look like words=180,messages=3650")
        return {name.strip(): int(days) for name, _, days in pairs} if isinstance(value, str) else value

    @field_validator("secret_keys", "index_key", "old_index_key", "metrics_token")
    @classmethod
    def _long_enough(cls, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
        for key in (value,) if isinstance(value, str) else value:
            if key and len(key) < KEY_LENGTH:
                raise ValueError(f"holds a key of {len(key)} characters; use at least {KEY_LENGTH} random ones")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:", "postgres:", "postgresql:", "postgresql+psycopg:")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("public_url", *(f"{one}_api_url" for one in ("quickbooks", "xero", "stripe", "gocardless")))
    @classmethod
    def _only_a_host(cls, value: str) -> str:
        """No path, and no slash at the end, so that addresses can be joined to it."""
        value = value.rstrip("/")
        if value and (not host_of(value) or value.count("/") != 2 or "?" in value or "#" in value):
            raise ValueError("must be a scheme and a host only, such as https://dunlin.example.com")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("smtp", "smtps") or not host_of(value)):
            raise ValueError("must look like smtp://user:password@host:587")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        name, _, domain = value.rpartition("@")
        if value and (not domain or "@" in name or any(sign in value for sign in " <>,\"'") or value.startswith("@")):
            raise ValueError("must be a domain such as mail.example.com or an address such as accounts@example.com")
        return value

    @model_validator(mode="after")
    def _fits_the_mode(self) -> Settings:
        for name in (name for name in type(self).model_fields if name.endswith("_url") and name != "database_url"):
            if value := getattr(self, name):
                check_reach(name, value, self.mode == "demo")
        if self.mode != "demo":
            check_keys(self.secret_keys, self.index_key)
        return self

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    def upkeep(self) -> dict[str, Any]:
        """What the installation needs to look after itself, by the names of the runtime's own."""
        own = ("backup_to", "backups_kept", "keep_days", "metrics_token", "artwork", "papers")
        kept = {name: getattr(self, name) for name in own}
        return {**kept, "own_rates": self.var / "rates"}

    def ledger(self, kind: str) -> dict[str, Any]:
        """The settings of a ledger or of a processor, by their names without the kind."""
        start = f"{kind}_"
        return {
            name.removeprefix(start): getattr(self, name) for name in type(self).model_fields if name.startswith(start)
        }


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from an environment, the process's own when none is given. SettingsError on the first thing wrong.

    Secrets that are not given are read from the file in `DUNLIN_VAR`, which is made on the first start.
    """
    given = _named(os.environ if environ is None else environ)
    settings = _checked(given)
    demo = settings.is_demo
    given.setdefault("database_url", f"sqlite:///{settings.var.resolve() / ('demo.db' if demo else 'dunlin.db')}")
    if demo:
        given.setdefault("public_url", f"http://127.0.0.1:{settings.port}")
        # The sign-in library refuses plain http. Every address of a demo is on this machine (checked above), where
        # nobody listens in between; outside the demo every address must be https.
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    if not (settings.secret_keys and settings.index_key):
        given = {**kept_secrets(settings.var), **given}
    return _checked(given)


def missing(settings: Settings) -> list[tuple[str, str]]:
    """(variable, what it is for) for everything without which a production installation does not work fully.

    A ledger nobody set up is not missed while another one is complete.
    """
    names = ["public_url", "smtp_url", "mail_from"]
    ledgers = {kind: [f"{kind}_{key}" for key in ("client_id", "client_secret", "webhook_key")] for kind in _LEDGERS}
    begun = [kind for kind, keys in ledgers.items() if any(getattr(settings, key) for key in keys)]
    names += [key for kind in begun or ledgers for key in ledgers[kind]]
    fields = Settings.model_fields
    return [(_variable(name), fields[name].description or "") for name in names if not getattr(settings, name)]


def as_markdown() -> str:
    """The page `docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Environment variables, read once at the start. Made from `settings.py` by `make docs`.",
        "",
    ]
    lines += ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = f"`{field.default}`" if field.default not in ("", (), None, {}) else ""
        lines.append(f"| `{_variable(name)}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


_LEDGERS = ("quickbooks", "xero")


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _named(environ: Mapping[str, str]) -> dict[str, str]:
    """Our variables by field name; an empty one counts as not given. SettingsError for a name we do not know."""
    known = {_variable(name): name for name in Settings.model_fields}
    given = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith(TESTS_PREFIX):
            continue
        if variable not in known:
            nearest = difflib.get_close_matches(variable, known, 1, 0)[0]
            raise SettingsError(f"{variable} is not a setting; did you mean {nearest}?")
        if value.strip():
            given[known[variable]] = value.strip()
    return given


def _checked(given: Mapping[str, str]) -> Settings:
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise SettingsError(said) from None
        if first["type"] != "value_error":
            said = f"is not usable: {said[:1].lower()}{said[1:]}"
        raise SettingsError(f"{_variable(str(first['loc'][0]))} {said}.") from None
