"""The pretend mail server's SMTP port on loopback: it lets people in, and asks the mailbox behind it for the rest."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Callable
from ssl import SSLContext
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import MISSING, AuthResult

Reply = tuple[int, bytes]


class Hangup(Exception):
    """The mail server dies in the middle of the talk."""


class Behind(Protocol):
    """What the port asks. With `passwords` nobody sends without a sign-in; with `knows_token` a token is one too."""

    passwords: dict[str, str]
    knows_token: Callable[[str, str], bool] | None
    answers_after: float

    def knows(self, user: str, password: str) -> bool: ...
    def rcpt(self, address: str) -> Reply: ...
    def data(self, sender: str, recipients: list[str], raw: bytes, user: str = "") -> Reply: ...


class MailServer(Controller):
    """Open until `stop()`. OSError when the port is taken."""

    def __init__(self, behind: Behind, port: int, tls: SSLContext | None) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        locked = bool(behind.passwords)

        def knows(_server: Any, session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
            session.user = data.login.decode()
            return AuthResult(success=behind.knows(session.user, data.password.decode()), handled=False)

        super().__init__(
            _Handler(behind, locked) if behind.knows_token is None else _TokenHandler(behind, locked),
            hostname="127.0.0.1",
            port=self._socket.getsockname()[1],
            server_hostname="mailbox.test",
            auth_require_tls=tls is not None,
            authenticator=knows if locked or behind.knows_token is not None else None,
            tls_context=tls,
        )

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


class _Handler:
    """aiosmtpd's hooks; its names are given."""

    def __init__(self, behind: Behind, locked: bool) -> None:
        self.behind, self.locked = behind, locked

    async def handle_MAIL(self, _server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        await asyncio.sleep(self.behind.answers_after)
        if self.locked and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        await asyncio.sleep(self.behind.answers_after)
        try:
            code, words = self.behind.rcpt(address)
        except Hangup:
            return _hang_up(server)
        if code == 250:
            envelope.rcpt_tos.append(address)
        return f"{code} {words.decode()}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.behind.answers_after)
        sent = envelope.mail_from, envelope.rcpt_tos, envelope.original_content
        try:
            code, words = self.behind.data(*sent, getattr(session, "user", ""))
        except Hangup:
            return _hang_up(server)
        return f"{code} {words.decode()}"


class _TokenHandler(_Handler):
    """The same at a provider where people sign in with access tokens as well."""

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> Any:
        """As the providers do it: a wrong token is first answered with a question, and then refused."""
        parts = base64.b64decode(args[1]).decode().split("\1") if len(args) > 1 else ["", ""]
        user, token = parts[0].removeprefix("user="), parts[1].removeprefix("auth=Bearer ")
        if self.behind.knows_token is not None and self.behind.knows_token(user, token):
            server.session.user = user
            return AuthResult(success=True, handled=False, auth_data=user)
        answered = await server.challenge_auth(b'{"status":"400"}')
        return AuthResult(success=False, handled=answered is MISSING)


def _hang_up(server: Any) -> str:
    server.transport.close()
    return "421 4.3.0 Goodbye"  # nobody hears it
