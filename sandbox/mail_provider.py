"""A pretend mail provider's sign-in: a consent page and a token endpoint, as at Microsoft and Google.

Only what signing in needs. Whether a token opens a mailbox is asked here by the pretend mail server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, Response, abort, redirect, request
from werkzeug.wrappers import Response as Answer

from sandbox.oauth import Grant, Refused, TokenStore

_PAGE = """<!doctype html><html lang="en"><title>Sign in</title><h1>Let Dunlin send mail?</h1>
<form method="post"><label>Mailbox <input name="mailbox" type="email" required value="{mailbox}"></label>
<button name="answer" value="yes">Allow</button> <button name="answer" value="no">Do not allow</button></form></html>"""


class MailProviderTwin:
    """`mailbox` is who signs in where nobody types anything else. `rotates`: each renewal gives a new refresh token, as
    Microsoft does; Google keeps its own and does not repeat it. `renewals` counts.
    """

    client_id, client_secret = "mail-client", "mail-secret"

    def __init__(
        self, clock: Callable[[], datetime], new_id: Callable[[], str], mailbox: str = "", rotates: bool = True
    ) -> None:
        self.mailbox, self.rotates, self.renewals = mailbox, rotates, 0
        self.tokens = TokenStore(clock, new_id, 3600, timedelta(0 if rotates else 3650), timedelta(minutes=10))
        self.app = Flask("mail-provider")
        self.app.add_url_rule("/authorize", view_func=self._consent, methods=["GET", "POST"])
        self.app.add_url_rule("/token", view_func=self._token, methods=["POST"])

    def opens(self, user: str, token: str) -> bool:
        """Whether this access token opens the user's mailbox now."""
        grant = self.tokens.check(token)
        return grant is not None and grant.subject.lower() == user.lower()

    def withdraw(self) -> None:
        """Every permission is withdrawn, as when a password is changed or an administrator says so."""
        for grant in self.tokens.grants:
            grant.alive = False

    def _consent(self) -> str | Answer:
        asked = request.args
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code":
            abort(400)
        if request.method == "GET":
            return _PAGE.format(mailbox=self.mailbox)
        back = {"state": asked["state"]}
        if request.form.get("answer") == "no":
            return redirect(f"{asked['redirect_uri']}?{urlencode({**back, 'error': 'access_denied'})}", 303)
        grant = Grant(request.form.get("mailbox") or self.mailbox, tuple(asked.get("scope", "").split()))
        code = self.tokens.code_for(grant, asked["redirect_uri"], asked.get("code_challenge", ""))
        return redirect(f"{asked['redirect_uri']}?{urlencode({**back, 'code': code})}", 303)

    def _token(self) -> Response | tuple[dict[str, object], int]:
        basic, form = request.authorization, request.form
        if basic is None or (basic.username, basic.password) != (self.client_id, self.client_secret):
            return {"error": "invalid_client"}, 401
        try:
            if form.get("grant_type") == "refresh_token":
                self.renewals += 1
                grant, access, refresh = self.tokens.refresh(form["refresh_token"])
            else:
                grant, access, refresh = self.tokens.exchange(
                    form["code"], form["redirect_uri"], form.get("code_verifier", "")
                )
        except Refused as refused:
            return {"error": refused.code, "error_description": refused.description}, 400
        answer: dict[str, object] = {"access_token": access, "token_type": "Bearer", "expires_in": 3600}
        if self.rotates or form.get("grant_type") != "refresh_token":
            answer["refresh_token"] = refresh
        return {**answer, "scope": " ".join(grant.scope)}, 200
