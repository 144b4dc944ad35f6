"""People as a ledger's vendor knows them: coming in through it, signing up through it, and tying the two together.

An address is never enough: whoever is here already comes in with their own password once, and ties it then. What the
vendor says was checked in `integrations.openid` before it comes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.addresses import is_address
from core.roles import Role
from integrations import oauth, openid
from integrations.errors import OutsideError
from models import Identity, Practice, User
from workflows import audit, connecting, people
from workflows.connecting import Given
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Begun:
    """Send the browser to `url`; keep the rest in its session for the way back."""

    url: str
    state: str
    verifier: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who came back from the vendor, and the books they gave; None where none were asked for."""

    kind: str
    person: openid.Person
    given: Given | None


def way_back(rt: Runtime, kind: str) -> str:
    return f"{rt.public_url}/sign-in/{kind}/callback"


def offered(rt: Runtime) -> dict[str, str]:
    """The vendors through which people can come in here, by ledger, as people call them."""
    known = {kind: ledger.oauth.openid for kind, ledger in rt.ledgers.items()}
    return {kind: one.label for kind, one in known.items() if one is not None}


def may_sign_up(rt: Runtime) -> bool:
    """Whether a stranger may begin a practice of their own here; the first one always may."""
    return rt.sign_ups or not people.exists(rt)


def begin(rt: Runtime, kind: str, books: bool) -> Begun:
    """Ask the vendor who somebody is, and with `books` for theirs in the same consent."""
    app, nonce = rt.ledgers[kind].oauth, rt.new_id()
    scopes = tuple(dict.fromkeys((*openid.SCOPES, *app.scopes))) if books else openid.SCOPES
    return Begun(*oauth.begin(app, way_back(rt, kind), scopes, nonce), nonce)


def arrive(rt: Runtime, kind: str, callback: Mapping[str, str], verifier: str, nonce: str, books: bool) -> Arrived:
    """Who came back. Refusal, in the vendor's or our own words, where that is not beyond doubt."""
    ledger, now = rt.ledgers[kind], rt.clock.now()
    token = connecting.token_of(rt, kind, callback, verifier, way_back(rt, kind))
    given = Given(kind, token, connecting.consent_of(rt, kind, token, callback)) if books else None
    app = ledger.oauth
    if app.openid is None:
        raise Refusal(f"Nobody can sign in with {ledger.label} here.")
    try:
        person = openid.person(app.client_id, app.openid, token.id_token, token.access, nonce, rt.transport, now)
    except OutsideError as error:
        if given is not None:
            connecting.give_back(rt, given)
        raise Refusal(str(error)) from None
    return Arrived(kind, person, given)


def _tag(rt: Runtime, arrived: Arrived) -> str:
    return rt.vault.tag(f"identity-{arrived.kind}", arrived.person.subject)


def known(rt: Runtime, arrived: Arrived) -> User | None:
    """Whose identity it is; None for a stranger, and for who has left."""
    with rt.store.write() as session:
        wanted = select(Identity, User).join(User, User.id == Identity.user_id)
        found = session.execute(wanted.where(Identity.holder_tag == _tag(rt, arrived), User.left_at.is_(None))).first()
        if found is None:
            return None
        identity, user = found
        identity.seen_at = rt.clock.now()
        return user


def sign_up(rt: Runtime, arrived: Arrived) -> User:
    """A practice of their own, with them as its owner. Refusal where nobody may, or where the address is somebody's."""
    person, label = arrived.person, offered(rt)[arrived.kind]
    if not may_sign_up(rt):
        raise Refusal("Nobody can sign up here by themselves. Ask whoever runs this installation to invite you.")
    if not is_address(person.email):
        raise Refusal(f"{label} has not checked your e-mail address yet. Confirm it there, and come back.")
    name = plain(person.name, 200) or person.email.partition("@")[0]
    tenants = arrived.given.consent.tenants if arrived.given is not None else ()
    practice_name = next((plain(one.name, 200) for one in tenants if one.name), name)
    try:
        with rt.store.write() as session:
            return _made(rt, session, arrived, practice_name, name)
    except IntegrityError:
        raise Refusal(
            f"Somebody signs in with {person.email} here already. If that is you, sign in with your password, and then "
            f"tie {label} to it under Your sign-in."
        ) from None


def _made(rt: Runtime, session: Session, arrived: Arrived, practice_name: str, name: str) -> User:
    now = rt.clock.now()
    practice = Practice(uid=rt.new_id(), name=practice_name, created_at=now)
    session.add(practice)
    session.flush()
    user = User(
        uid=rt.new_id(),
        practice_id=practice.id,
        email=arrived.person.email,
        name=name,
        password_hash="",
        role=Role.OWNER.value,
        created_at=now,
    )
    session.add(user)
    session.flush()
    _tie(rt, session, user, arrived)
    audit.record_practice(rt, session, "signed-up", practice.id, user.uid, through=arrived.kind)
    return user


def _tie(rt: Runtime, session: Session, user: User, arrived: Arrived) -> None:
    now, uid = rt.clock.now(), rt.new_id()
    row = Identity(uid=uid, user_id=user.id, kind=arrived.kind, holder_tag=_tag(rt, arrived), made_at=now, seen_at=now)
    session.add(row)
    session.flush()
    audit.record_practice(rt, session, "identity-tied", user.practice_id, user.uid, through=arrived.kind, identity=uid)


def tie(rt: Runtime, user_id: int, arrived: Arrived) -> None:
    """From now on this person comes in through the vendor, too. Refusal where it is somebody else's already."""
    label = offered(rt)[arrived.kind]
    try:
        with rt.store.write() as session:
            _tie(rt, session, session.get_one(User, user_id), arrived)
    except IntegrityError:
        raise Refusal(f"This sign-in at {label} is tied to somebody already.") from None


def untie(rt: Runtime, user_id: int, identity_uid: str) -> None:
    """The vendor lets this person in no more. Refusal for their last way in."""
    with rt.store.write() as session:
        user = session.get_one(User, user_id, with_for_update=True)
        mine = Identity.user_id == user_id
        row = session.scalars(select(Identity).where(mine, Identity.uid == identity_uid)).first()
        if row is None:
            raise Refusal("It is not tied any more.")
        if not user.password_hash and (session.scalar(select(func.count(Identity.id)).where(mine)) or 0) < 2:
            raise Refusal("It is your only way in. Give yourself a password first.")
        session.execute(delete(Identity).where(Identity.id == row.id))
        audit.record_practice(rt, session, "identity-untied", user.practice_id, user.uid, through=row.kind)


def of(session: Session, user_id: int) -> Sequence[Identity]:
    """The vendors through which somebody comes in, the oldest first."""
    return session.scalars(select(Identity).where(Identity.user_id == user_id).order_by(Identity.id)).all()


def connect(rt: Runtime, user: User, arrived: Arrived) -> str:
    """Keep the books that came with it, for who may connect any; a sentence on what came of it, "" where none came."""
    if arrived.given is None:
        return ""
    if user.limited or not Role(user.role).may(Role.ACCOUNTANT):
        connecting.give_back(rt, arrived.given)
        return "Your role does not connect companies, so none was connected."
    try:
        names = connecting.keep(rt, user.practice_id, arrived.given)
    except Refusal as refusal:
        return str(refusal)
    return f"Connected: {', '.join(names)}. We are reading the books now."
