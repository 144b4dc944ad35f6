"""The people of a practice: the first owner, their passwords, and what only an owner may do.

Passwords are argon2 hashes, made by the library, and what is easily guessed is refused. Signed-in browsers and the
second step are in rooms of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from core.roles import Role
from models import Practice, User
from workflows import audit, sign_ins
from workflows.errors import Refusal
from workflows.runtime import Runtime

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000  # bytes cost time to hash
_LEAST_SCORE = 3  # of zxcvbn: 10^8 guesses or more
_LOOKED_AT = 72  # signs that zxcvbn looks at; it slows down with more, and they only make a password better


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash nobody knows the password of: an unknown e-mail takes as long as a wrong password."""
    return _hasher().hash("decoy")


def hashed(password: str) -> str:
    """What is kept of a password. It takes a while: never inside a transaction."""
    return _hasher().hash(password)


def exists(rt: Runtime) -> bool:
    """Whether this installation has an owner yet."""
    with rt.store.read() as session:
        return session.scalars(select(User.id).limit(1)).first() is not None


def create_owner(rt: Runtime, practice_name: str, name: str, email: str, password: str) -> int:
    """Create the practice and its first person; the user's id. Refusal when something is missing or taken."""
    email = email.strip().lower()
    if not practice_name.strip() or not name.strip():
        raise Refusal("Please give the practice's name and your own.")
    if "@" not in email:
        raise Refusal("Please give an e-mail address to sign in with.")
    check_password(password, practice_name, name, email)
    kept, now = hashed(password), rt.clock.now()
    try:
        with rt.store.write() as session:
            practice = Practice(uid=rt.new_id(), name=practice_name.strip(), created_at=now)
            session.add(practice)
            session.flush()
            user = User(
                uid=rt.new_id(),
                practice_id=practice.id,
                email=email,
                name=name.strip(),
                password_hash=kept,
                role=Role.OWNER.value,
                created_at=now,
            )
            session.add(user)
            session.flush()
            return user.id
    except IntegrityError as error:
        raise Refusal("Somebody already signs in with this e-mail address.") from error


def check_password(password: str, *known: str) -> None:
    """Refusal for one that is too short, or so common or so close to what is `known` of the person that it is guessed.

    Any signs may be used, and none must be. What is common is in zxcvbn's lists: 30,000 passwords, names and words.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        most = f"{SHORTEST_PASSWORD} characters, and at most {LONGEST_PASSWORD}"
        raise Refusal(f"Please choose a password of at least {most}.")
    whole = ("Dunlin", *known)
    words = [re.split(r"\W+", one) for one in whole]
    parts = [part for some in ([*whole], *words, map("".join, words)) for part in some if len(part) > 2]
    if zxcvbn(password[:_LOOKED_AT], user_inputs=parts)["score"] < _LEAST_SCORE:
        raise Refusal("This password is easily guessed. Please choose another; a short sentence of your own is good.")


def set_password(rt: Runtime, user_id: int, new: str, but: int | None = None) -> None:
    """The new one counts from now on. All browsers are signed out, or all `but` one. Refusal when it is not good."""
    with rt.store.read() as session:
        user = session.get_one(User, user_id)
    check_password(new, user.practice.name, user.name, user.email)
    kept = hashed(new)
    with rt.store.write() as session:
        user = session.get_one(User, user_id)
        user.password_hash = kept
        audit.record_practice(rt, session, "password-changed", user.practice_id, subject=user.uid)
        sign_ins.end(rt, session, user, user, but=but)


def sign_in(rt: Runtime, email: str, password: str) -> User | None:
    """The person when the password is right; None otherwise, after the same work."""
    with rt.store.read() as session:
        user = session.scalars(select(User).where(User.email == email.strip().lower(), User.left_at.is_(None))).first()
    try:
        _hasher().verify((user and user.password_hash) or _decoy(), password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return None
    return user


def note_refused(rt: Runtime, email: str) -> None:
    """Write down that somebody tried. Only after the answer has gone: its time must not tell whether there is such a
    person.
    """
    with rt.store.write() as session:
        user = session.scalars(select(User).where(User.email == email.strip().lower())).first()
        if user is not None:
            audit.record_practice(rt, session, "sign-in-refused", user.practice_id, subject=user.uid)


def confirm(rt: Runtime, user_id: int, password: str) -> None:
    """Refusal unless it is this person's own password: a session that was left open is not enough."""
    with rt.store.read() as session:
        email = session.get_one(User, user_id).email
    if sign_in(rt, email, password) is None:
        note_refused(rt, email)
        raise Refusal("That is not your password. Please type the one you sign in with.")


def owner(session: Session, practice_id: int, user_id: int) -> User:
    """This person, who is an owner of the practice. Refusal for anybody else, saying whom to ask."""
    found = next((one for one in owners(session, practice_id) if one.id == user_id), None)
    if found is None:
        names = names_of_owners(session, practice_id)
        raise Refusal("Only an owner may change this. Please ask {names}.", names=names)
    return found


def owners(session: Session, practice_id: int) -> Sequence[User]:
    """The owners of a practice, the first one first."""
    theirs = User.practice_id == practice_id, User.role == Role.OWNER.value, User.left_at.is_(None)
    return session.scalars(select(User).where(*theirs).order_by(User.id)).all()


def names_of_owners(session: Session, practice_id: int) -> str:
    """Whom to ask."""
    return " or ".join(one.name for one in owners(session, practice_id)) or "the practice"


def others(session: Session, one: User) -> Sequence[User]:
    """The other people of the same practice, by name."""
    theirs = select(User).where(User.practice_id == one.practice_id, User.id != one.id, User.left_at.is_(None))
    return session.scalars(theirs.order_by(User.name, User.id)).all()


def user(session: Session, user_id: int) -> User | None:
    """The person behind a session's id."""
    return session.get(User, user_id)
