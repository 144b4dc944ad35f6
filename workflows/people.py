"""The people of a practice: the first owner, signing in, and what only an owner may do.

Passwords are argon2 hashes, made by the library.
"""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Practice, User
from workflows.errors import Refusal
from workflows.runtime import Runtime

SHORTEST_PASSWORD = 10


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash nobody knows the password of: an unknown e-mail takes as long as a wrong password."""
    return _hasher().hash("decoy")


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
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(f"Please choose a password of at least {SHORTEST_PASSWORD} characters.")
    hashed, now = _hasher().hash(password), rt.clock.now()
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
                password_hash=hashed,
                owner=True,
                created_at=now,
            )
            session.add(user)
            session.flush()
            return user.id
    except IntegrityError as error:
        raise Refusal("Somebody already signs in with this e-mail address.") from error


def sign_in(rt: Runtime, email: str, password: str) -> int | None:
    """The user's id when the password is right; None otherwise, after the same work."""
    with rt.store.read() as session:
        user = session.scalars(select(User).where(User.email == email.strip().lower())).first()
    try:
        _hasher().verify(user.password_hash if user else _decoy(), password)
    except (VerificationError, InvalidHashError):
        return None
    return user.id if user else None


def confirm(rt: Runtime, user_id: int, password: str) -> None:
    """Refusal unless it is this person's own password: a session that was left open is not enough."""
    with rt.store.read() as session:
        email = session.get_one(User, user_id).email
    if sign_in(rt, email, password) != user_id:
        raise Refusal("That is not your password. Please type the one you sign in with.")


def owner(session: Session, practice_id: int, user_id: int) -> User:
    """This person, who is an owner of the practice. Refusal for anybody else, saying whom to ask."""
    owners = session.scalars(
        select(User).where(User.practice_id == practice_id, User.owner.is_(True)).order_by(User.id)
    ).all()
    found = next((one for one in owners if one.id == user_id), None)
    if found is None:
        names = " or ".join(one.name for one in owners) or "the practice"
        raise Refusal("Only an owner may change this. Please ask {names}.", names=names)
    return found


def user(session: Session, user_id: int) -> User | None:
    """The person behind a session's id."""
    return session.get(User, user_id)
