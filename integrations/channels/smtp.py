"""E-mail over SMTP as a channel, in two halves: the recipients, then the message.

It never sends by itself twice and never guesses: what the server did not answer is in doubt. Passwords and tokens
travel only over TLS or on this machine.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol
from urllib.parse import unquote, urlsplit

from integrations.channels.base import AddressRefused, Envelope, Mailbox
from integrations.channels.mime import bare, compose
from integrations.channels.outside import Outside, OutsideTls
from integrations.errors import InDoubt, Misconfigured, OutsideError, RateLimited, Rejected, Transient

TIMEOUT = 20
LATER = 300  # a server that says "not now" (greylisting, say) means minutes
HOUR = 3600
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Google's daily limit; Microsoft's daily limit, and its throttle for those who go on after a refusal.
_TOO_MUCH = re.compile(r"^5\.4\.5\b|SubmissionQuotaExceeded|^5\.2\.25[1-5]\b")
_WRONG = "The mail server does not accept our user name and password."
_ANOTHER = "The mail server does not accept the sign-in for this mailbox; sign in with the account it belongs to."
# Refusals of a sign-in that another password would not help against.
_LOCKED = {
    "5.7.139": "Microsoft has switched signing in over SMTP off for this mailbox; in the Microsoft 365 admin centre, "
    "switch on Authenticated SMTP under the user's mail apps.",
    "5.7.9": "Google wants a password made for this one use; make an app password in the Google account, "
    "or sign in with Google instead.",
}
_BROKEN = (OSError, EOFError)  # smtplib's own errors are OSErrors

Reply = tuple[int, bytes]


class Line(Protocol):
    """What we use of smtplib's connection once it has been greeted and signed in."""

    def mail(self, sender: str) -> Reply: ...
    def rcpt(self, recip: str) -> Reply: ...
    def data(self, msg: bytes) -> Reply: ...
    def rset(self) -> Reply: ...
    def quit(self) -> object: ...
    def close(self) -> object: ...


class Smtp:
    """A mailbox, or a mail server at `smtp://user:password@host:port` (STARTTLS, except on this machine) or `smtps://…`.

    `outside`: the server was named by a client and has to be on the public internet. `connect` gives a ready connection
    instead. Misconfigured when the address cannot be read.
    """

    kind = "smtp"

    def __init__(
        self, where: str | Mailbox, connect: Callable[[], Line] | None = None, *, outside: bool = False
    ) -> None:
        self._connect = connect or _dialler(mailbox_at(where) if isinstance(where, str) else where, outside)

    @contextmanager
    def open(self) -> Iterator[Talk]:
        """One session. Transient when the server cannot be reached; Misconfigured when it refuses our sign-in."""
        try:
            line = self._connect()
        except OutsideError:
            raise
        except _BROKEN as error:
            raise _unreachable(error) from error
        try:
            yield Talk(line)
        finally:
            with suppress(*_BROKEN):
                line.quit()
            line.close()


class Talk:
    """One session with a mail server; several messages may follow each other."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._offered: bytes | None = None

    def offer(self, message: Envelope) -> None:
        """Name sender and recipients. Any recipient refused: AddressRefused. Repeating is harmless."""
        content = compose(message)
        pending, self._offered = self._offered, None
        try:
            if pending is not None:
                self._line.rset()
            self._accept(self._line.mail(bare(message.sender)), message.sender, recipient=False)
            for address in message.everyone:
                self._accept(self._line.rcpt(bare(address)), address, recipient=True)
        except _BROKEN as error:
            raise Transient("The connection to the mail server broke before anything was sent.") from error
        self._offered = content

    def deliver(self) -> str:
        """Hand the offered message over; the server's words. Rejected or Transient: it said no. InDoubt: silence."""
        if self._offered is None:
            raise ValueError("Nothing was offered to deliver.")
        content, self._offered = self._offered, None
        try:
            code, words = self._line.data(content)
        except smtplib.SMTPDataError as error:
            code, words = error.smtp_code, _raw(error.smtp_error)
        except _BROKEN as error:
            raise InDoubt("The connection to the mail server broke while the message was handed over.") from error
        if 200 <= code < 300:
            return _said(words)
        if 400 <= code < 500:
            raise Transient(f"The mail server did not take the message now: {_said(words)}", LATER)
        if 500 <= code < 600:
            raise _enough(words) or Rejected(f"The mail server refused the message: {_said(words)}", _code(code, words))
        raise InDoubt("The mail server's answer to the message could not be understood.")

    def _accept(self, reply: Reply, address: str, recipient: bool) -> None:
        code, words = reply
        if 200 <= code < 300:
            return
        with suppress(*_BROKEN):
            self._line.rset()
        if not 500 <= code < 600:
            raise Transient(f"The mail server did not accept {address} now: {_said(words)}", LATER)
        if enough := _enough(words):
            raise enough  # it says no to us, not to this address
        refusal = f"The mail server refused {address}: {_said(words)}"
        if recipient:
            raise AddressRefused(refusal, address, _code(code, words))
        raise Rejected(refusal, _code(code, words))


def mailbox_at(url: str) -> Mailbox:
    """The mailbox an address such as smtp://user:password@host:port names; Misconfigured when it cannot be read."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Misconfigured("The address of the mail server cannot be read.") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise Misconfigured("The address of the mail server must look like smtp://user:password@host:port.")
    wrapped = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Mailbox(parts.hostname, port or (465 if wrapped else 587), wrapped, user, password)


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _dialler(box: Mailbox, outside: bool) -> Callable[[], Line]:
    plain, wrapped = (Outside, OutsideTls) if outside else (smtplib.SMTP, smtplib.SMTP_SSL)

    def connect() -> Line:
        name = "localhost" if _is_here(box.host) else None  # smtplib would ask the DNS for our own name
        if box.wrapped:
            context = ssl.create_default_context()
            line: smtplib.SMTP = wrapped(box.host, box.port, name, timeout=TIMEOUT, context=context)
        else:
            line = plain(box.host, box.port, name, timeout=TIMEOUT)
        try:
            _greet(line, box)
        except BaseException:
            line.close()
            raise
        return line

    return connect


def _greet(line: smtplib.SMTP, box: Mailbox) -> None:
    line.ehlo_or_helo_if_needed()
    if not box.wrapped and not _is_here(box.host):
        if not line.has_extn("starttls"):
            raise Misconfigured("The mail server offers no encryption; use one that does.")
        line.starttls(context=ssl.create_default_context())
        line.ehlo_or_helo_if_needed()
    if box.bearer:
        _present(line, box)
    elif box.user:
        line.login(box.user, box.secret)


def _present(line: smtplib.SMTP, box: Mailbox) -> None:
    """Sign in with an access token. A refusal comes as a question that wants an empty answer before the no is said."""
    if "XOAUTH2" not in line.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError
    try:
        line.auth("XOAUTH2", lambda asked=None: "" if asked else f"user={box.user}\1auth=Bearer {box.secret}\1\1")
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise
        raise _locked(error, _ANOTHER) from None


def _unreachable(error: Exception) -> OutsideError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Misconfigured("The mail server's certificate is not valid for its name.")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Misconfigured("The mail server does not offer a sign-in.")
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
        return _locked(error, _WRONG)
    return Transient("The mail server could not be reached.")


def _locked(error: smtplib.SMTPAuthenticationError, otherwise: str) -> Misconfigured:
    return Misconfigured(_LOCKED.get(_code(error.smtp_code, _raw(error.smtp_error)), otherwise))


def _enough(words: bytes) -> RateLimited | None:
    """What a server says with a 5xx when we have sent too much: later it takes the same message."""
    said = _said(words)
    if _TOO_MUCH.search(said) is None:
        return None
    return RateLimited(f"The mail provider takes no more messages from this mailbox for now: {said}", HOUR)


def _raw(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words


def _said(words: bytes) -> str:
    """The server's words on one line, short enough to show."""
    return " ".join(words.decode("utf-8", "replace").split())[:300]


def _code(code: int, words: bytes) -> str:
    """The enhanced status code (5.1.1) where the server gives one, else its reply code (550)."""
    found = _ENHANCED.match(_said(words))
    return found.group() if found else str(code)
