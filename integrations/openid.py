"""Who a vendor says has come: its id_token, believed only once its signature and every claim were checked.

OpenID Connect through joserfc. Where the keys are, the vendor's discovery document says; both are kept for a day, and
asked for anew, at most every few minutes, when a token names a key that is not known. It stores nothing about people.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from integrations.errors import Misconfigured, Rejected, Transient
from integrations.transport import Transport

SCOPES = ("openid", "profile", "email")
TIMEOUT = (5, 20)
LEEWAY = 120  # seconds that two clocks may differ
_DAY, _SOON = timedelta(days=1), timedelta(minutes=5)
_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class OpenId:
    """How a vendor, whom people know as `label`, tells who somebody is. The claim `subject` is their id there; name and
    address stand under the names given, in the id_token or, `from_userinfo`, behind an address of their own. `verified`
    names the claim that says whether the address was checked; "" where the vendor lets nobody in whose address was not.
    """

    label: str
    discovery_url: str
    subject: str = "sub"
    from_userinfo: bool = False
    given: str = "given_name"
    family: str = "family_name"
    verified: str = "email_verified"


@dataclass(frozen=True, slots=True)
class Person:
    """`subject` is the vendor's own id for them; `email` is "" where the vendor has not checked that it is theirs."""

    subject: str = field(repr=False)
    email: str
    name: str


@dataclass(slots=True)
class _Known:
    """What one vendor publishes, and since when it is known here."""

    document: Mapping[str, Any]
    keys: KeySet
    since: datetime


_KNOWN: dict[str, _Known] = {}


def forget() -> None:
    """What vendors publish is asked for anew."""
    _KNOWN.clear()


def person(
    client_id: str,
    about: OpenId,
    id_token: str,
    access_token: str,
    nonce: str,
    transport: Transport,
    now: datetime,
) -> Person:
    """Whom the vendor vouches for. Rejected when the token is not good, or not for us, or not for this browser;
    Transient when the vendor does not answer.
    """
    known = _known(about, transport, now)
    try:
        claims = _claims(client_id, known, id_token, now)
    except (JoseError, ValueError):
        if now - known.since < _SOON:
            raise _not_good(about) from None
        known = _read(about, transport, now)
        try:
            claims = _claims(client_id, known, id_token, now)
        except (JoseError, ValueError):
            raise _not_good(about) from None
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise _not_good(about)
    told = claims
    if about.from_userinfo:
        told = _asked(about.label, str(known.document.get("userinfo_endpoint", "")), transport, access_token)
        if told.get("sub") != claims.get("sub"):
            raise _not_good(about)
    return _person(about, claims, told)


def _not_good(about: OpenId) -> Rejected:
    return Rejected(f"What {about.label} sent about you could not be checked. Nobody was signed in; please try again.")


def _claims(client_id: str, known: _Known, id_token: str, now: datetime) -> Mapping[str, Any]:
    """JoseError or ValueError for whatever is not as it must be; RS256 and nothing else."""
    token = jwt.decode(id_token, known.keys, algorithms=["RS256"])
    issuer = known.document.get("issuer")
    if not isinstance(issuer, str) or not issuer:
        raise ValueError("no issuer")
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    rules.validate(token.claims)
    return token.claims


def _person(about: OpenId, claims: Mapping[str, Any], told: Mapping[str, Any]) -> Person:
    subject, email = claims.get(about.subject), told.get("email")
    if not isinstance(subject, str) or not subject:
        raise _not_good(about)
    checked = not about.verified or told.get(about.verified) is True
    names = (told.get(about.given), told.get(about.family))
    name = " ".join(one.strip() for one in names if isinstance(one, str) and one.strip())
    return Person(subject, email.strip().lower() if isinstance(email, str) and checked else "", name)


def _known(about: OpenId, transport: Transport, now: datetime) -> _Known:
    found = _KNOWN.get(about.discovery_url)
    if found is not None and timedelta() <= now - found.since < _DAY:
        return found
    return _read(about, transport, now)


def _read(about: OpenId, transport: Transport, now: datetime) -> _Known:
    document = _asked(about.label, about.discovery_url, transport)
    published = _asked(about.label, str(document.get("jwks_uri", "")), transport)
    try:
        keys = KeySet.import_key_set(published)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError):
        raise Transient(f"{about.label} sent keys that cannot be read.", retry_after=60) from None
    _KNOWN[about.discovery_url] = found = _Known(document, keys, now)
    return found


def _asked(label: str, url: str, transport: Transport, access_token: str = "") -> Mapping[str, Any]:
    """A JSON object that the vendor publishes, or tells whoever has the token."""
    if not url:
        raise Misconfigured(f"{label} does not say where its keys are; look at its discovery address in the settings.")
    session = transport.mount(requests.Session())
    headers = {"Accept": "application/json"}
    if access_token:
        headers["Authorization"] = f"Bearer {access_token}"
    try:
        answer = session.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        found = answer.json() if answer.status_code == 200 and len(answer.content) <= _LARGEST else None
    except (requests.RequestException, ValueError):
        raise Transient(f"{label} could not be asked who you are.", retry_after=15) from None
    if not isinstance(found, dict):
        raise Transient(f"{label} answered {answer.status_code} when asked who you are.", retry_after=15)
    return found
