"""A pretend mail server and the mailbox behind it: it keeps every message, shows it in a browser, fails on demand.

Three doors lead to one store: a real SMTP port on loopback, a connection without sockets, and a page to read.
"""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parseaddr
from pathlib import Path
from ssl import SSLContext

from flask import Flask, Response, abort, render_template, request

from sandbox.mail_server import Hangup, MailServer, Reply

PAGES = Path(__file__).parent / "pages"
FAULTS = ("refuse", "busy", "drop", "refuse-after-data", "busy-after-data", "drop-after-data")
_REPLIES = {
    "refuse": (550, "5.1.1 There is no such mailbox here"),
    "busy": (451, "4.7.1 Please come back later"),
    "refuse-after-data": (554, "5.7.1 This message is not wanted"),
    "busy-after-data": (451, "4.3.0 Not now, please come back later"),
}
_PAGE_RULES = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'"
_MAIL_RULES = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted message. `sender` and `recipients` are the envelope's; `headers` are the message's, in order.
    `user` is who was signed in.
    """

    id: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    raw: bytes
    user: str

    def header(self, name: str) -> str:
        """The first header of that name, or ""."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")

    @property
    def from_name(self) -> str:
        name, address = parseaddr(self.header("From"))
        return name or address


class Mailbox:
    """`login` (user, password) makes the SMTP port ask for a sign-in; `tls` makes it offer STARTTLS.

    `passwords` are those accepted just now, by user; where there are any at the start, nobody sends without a sign-in.
    `knows_token`, where it is set at the start, says whether a user has such an access token. `on_message` is
    called with each accepted message before its sender hears that it was accepted. `answers_after` so many seconds.
    """

    answers_after = 0.0

    def __init__(
        self, clock: Callable[[], datetime], login: tuple[str, str] | None = None, tls: SSLContext | None = None
    ) -> None:
        self.clock, self._tls = clock, tls
        self.passwords = dict([login] if login else [])
        self.knows_token: Callable[[str, str], bool] | None = None
        self._lock = threading.RLock()
        self._mails: list[Mail] = []
        self._faults: list[tuple[str, str]] = []
        self._server: MailServer | None = None
        self.on_message: Callable[[Mail], None] = lambda _mail: None
        self.app = _web(self)

    def messages(self, recipient: str = "") -> list[Mail]:
        """What was accepted, oldest first; only one recipient's when given."""
        with self._lock:
            wanted = recipient.lower()
            return [mail for mail in self._mails if not wanted or wanted in map(str.lower, mail.recipients)]

    def plan_fault(self, kind: str, times: int = 1, address: str = "") -> None:
        """Spoil what comes next; with an address only where it is a recipient.

        At RCPT: "refuse" 550, "busy" 451, "drop" dies. After DATA: "refuse-after-data" 554, "busy-after-data" 451,
        "drop-after-data" keeps the message and dies before saying so.
        """
        if kind not in FAULTS:
            raise ValueError(f"A fault is one of {', '.join(FAULTS)}.")
        with self._lock:
            self._faults += [(kind, address.lower())] * times

    def connect(self) -> Connection:
        """A connection without sockets, in the shape of smtplib's, greeted and signed in."""
        return Connection(self)

    @property
    def url(self) -> str:
        """smtp://127.0.0.1:port of the running server."""
        if self._server is None:
            raise RuntimeError("The mail server is not running.")
        return f"smtp://127.0.0.1:{self._server.port}"

    def start(self, port: int = 0) -> Mailbox:
        """Open the SMTP port; 0 takes a free one."""
        self._server = MailServer(self, port, self._tls)
        self._server.start()
        return self

    def stop(self) -> None:
        """Close it; the messages stay."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    # What both doors ask

    def knows(self, user: str, password: str) -> bool:
        return self.passwords.get(user) == password

    def rcpt(self, address: str) -> Reply:
        """The answer to a recipient; Hangup when the server dies instead."""
        kind = self._take(("refuse", "busy", "drop"), [address])
        if kind == "drop":
            raise Hangup
        return _reply(kind) if kind else (250, b"2.1.5 Recipient OK")

    def data(self, sender: str, recipients: list[str], raw: bytes, user: str = "") -> Reply:
        """The answer to a message; Hangup when the server takes it and dies."""
        kind = self._take(("refuse-after-data", "busy-after-data", "drop-after-data"), recipients)
        if kind in _REPLIES:
            return _reply(kind)
        with self._lock:
            number = len(self._mails) + 1
            self._mails.append(_mail(number, self.clock(), sender, tuple(recipients), raw, user))
            self.on_message(self._mails[-1])
        if kind == "drop-after-data":
            raise Hangup
        return 250, f"2.0.0 OK, kept as {number}".encode()

    def _take(self, kinds: tuple[str, ...], addresses: list[str]) -> str:
        with self._lock:
            for planned in self._faults:
                if planned[0] in kinds and planned[1] in ("", *map(str.lower, addresses)):
                    self._faults.remove(planned)
                    return planned[0]
        return ""


class Connection:
    """smtplib's mail, rcpt, data, rset and quit over nothing at all. A dead server is SMTPServerDisconnected."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox, self._alive = mailbox, True
        self._sender, self._recipients = "", list[str]()

    def mail(self, sender: str) -> Reply:
        self._check()
        if self._sender:
            return 503, b"5.5.1 There is a message already; RSET first"
        self._sender, self._recipients = sender, []
        return 250, b"2.1.0 Sender OK"

    def rcpt(self, recip: str) -> Reply:
        self._check()
        if not self._sender:
            return 503, b"5.5.1 MAIL first"
        answer = self._ask(lambda: self._mailbox.rcpt(recip))
        if answer[0] == 250:
            self._recipients.append(recip)
        return answer

    def data(self, msg: bytes) -> Reply:
        self._check()
        if not self._recipients:
            raise smtplib.SMTPDataError(503, b"5.5.1 RCPT first")
        sender, recipients = self._sender, self._recipients
        self._sender, self._recipients = "", []
        return self._ask(lambda: self._mailbox.data(sender, recipients, msg))

    def rset(self) -> Reply:
        self._check()
        self._sender, self._recipients = "", []
        return 250, b"2.0.0 OK"

    def quit(self) -> Reply:
        self._check()
        self._alive = False
        return 221, b"2.0.0 Goodbye"

    def close(self) -> None:
        self._alive = False

    def _check(self) -> None:
        if not self._alive:
            raise smtplib.SMTPServerDisconnected("please run connect() first")

    def _ask(self, question: Callable[[], Reply]) -> Reply:
        try:
            return question()
        except Hangup as error:
            self._alive = False
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed") from error


def _reply(kind: str) -> Reply:
    code, words = _REPLIES[kind]
    return code, words.encode()


def _mail(number: int, received_at: datetime, sender: str, recipients: tuple[str, ...], raw: bytes, user: str) -> Mail:
    parsed = message_from_bytes(raw, policy=modern)
    return Mail(
        id=number,
        received_at=received_at,
        sender=sender,
        recipients=recipients,
        subject=str(parsed["Subject"] or ""),
        message_id=str(parsed["Message-ID"] or ""),
        headers=tuple((name, str(value)) for name, value in parsed.items()),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
        raw=raw,
        user=user,
    )


def _part(parsed: EmailMessage, kind: str) -> str:
    found = parsed.get_body((kind,))
    return str(found.get_content()).replace("\r\n", "\n") if found is not None else ""


def _web(mailbox: Mailbox) -> Flask:
    """The pages: a list, one message, and its HTML on a route of its own for the sandboxed frame."""
    app = Flask("mailbox", template_folder=str(PAGES), static_folder=str(PAGES / "static"))

    def find(number: int) -> Mail:
        return next((mail for mail in mailbox.messages() if mail.id == number), None) or abort(404)

    @app.get("/")
    def inbox() -> str:
        recipient = request.args.get("to", "")
        everyone = sorted({address for mail in mailbox.messages() for address in mail.recipients})
        mails = mailbox.messages(recipient)[::-1]
        return render_template("mailbox.html", mails=mails, everyone=everyone, recipient=recipient)

    @app.get("/mail/<int:number>")
    def mail(number: int) -> str:
        return render_template("mail.html", mail=find(number))

    @app.get("/mail/<int:number>/html")
    def body(number: int) -> Response:
        answer = Response(_in_new_tab(find(number).html))
        answer.headers["Content-Security-Policy"] = f"{_MAIL_RULES} allow-popups-to-escape-sandbox"
        return answer

    @app.get("/mail/<int:number>/raw")
    def raw(number: int) -> Response:
        return Response(find(number).raw, mimetype="text/plain")

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", _PAGE_RULES)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    return app


def _in_new_tab(html: str) -> str:
    """A frame cannot leave itself: the message's links open beside it, as a mail program would."""
    base = '<base target="_blank">'
    return html.replace("<head>", f"<head>{base}", 1) if "<head>" in html else base + html
