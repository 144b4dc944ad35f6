"""The QuickBooks twin: Intuit's sign-in, accounting API and webhooks over books kept in memory.

`sandbox.books` says what a driver may tell it; over HTTP it speaks only what the vendor speaks. It decides nothing
about collections, and the product never imports it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response, g, request

from sandbox.books import Webhook
from sandbox.oauth import Clock, Grant, TokenStore
from sandbox.openid import Holder, Signer
from sandbox.quickbooks import api, consent, faults, hooks, paylink
from sandbox.quickbooks.bookkeeper import Bookkeeper, alone
from sandbox.quickbooks.faults import FaultPlan, PlannedFault
from sandbox.quickbooks.realm import Realm
from sandbox.quickbooks.throttle import Throttle


class QuickBooksTwin(Bookkeeper):
    """A `LedgerTwin`. `minor_versions` counts what callers asked for, `token_calls` the token endpoint's by grant type;
    `legacy_webhooks` switches the body's shape.

    Webhooks are kept only for companies with a living grant, as the vendor sends them.
    """

    kind = "quickbooks"

    def __init__(
        self,
        clock: Clock,
        new_id: Callable[[], str],
        base_url: str = "",
        *,
        client_id: str = "sandbox-quickbooks-client",
        client_secret: str = "sandbox-quickbooks-secret",  # noqa: S107 (a pretend world has no secrets)
        webhook_key: str = "sandbox-quickbooks-verifier",
    ) -> None:
        super().__init__(clock)
        self.new_id, self.base_url = new_id, base_url.rstrip("/")
        self.client_id, self.client_secret, self.webhook_key = client_id, client_secret, webhook_key
        day = timedelta(hours=24)
        self.tokens = TokenStore(clock, new_id, consent.ACCESS_SECONDS, rotate_after=day, grace=day)
        self.holder = Holder("intuit-person-1")
        self.signer = Signer((self.base_url or "https://oauth.intuit.test") + "/op/v1")
        self.calls: Counter[str] = Counter()
        self.minor_versions: Counter[str] = Counter()
        self.token_calls: Counter[str] = Counter()
        self.legacy_webhooks = False
        self._faults = FaultPlan()
        self._throttle = Throttle()
        self.app = self._make_app()

    def addresses(self, base: str = "") -> dict[str, str]:
        """The four addresses an app is set up with, below `base`; the API's is the host alone, without /v3."""
        base = base.rstrip("/") or self.base_url
        return {
            "authorize_url": f"{base}/connect/oauth2",
            "token_url": f"{base}/oauth2/v1/tokens/bearer",
            "revoke_url": f"{base}/v2/oauth2/tokens/revoke",
            "discovery_url": f"{base}/.well-known/openid_configuration",
            "api_url": base,
        }

    # What goes wrong

    @alone
    def plan_fault(self, path_contains: str, kind: str, times: int = 1, seconds: float = 0) -> None:
        """As the port says; the vendor's own kinds stand in `faults.ANSWERS`."""
        until = self.clock() + timedelta(seconds=seconds) if seconds else None
        self._faults.add(PlannedFault(path_contains, kind, times, until))

    @alone
    def limits(self, per_second: int = 0, per_minute: int = 0, batches_per_minute: int = 0) -> None:
        """Beyond the port: from now on throttle each company with the vendor's XML; 0 switches a limit off."""
        self._throttle = Throttle(per_second, per_minute, batches_per_minute)

    @alone
    def rotate_now(self, tenant: str) -> None:
        for grant in self._living(tenant):
            grant.hurried = True

    @alone
    def disconnect(self, tenant: str) -> None:
        for grant in self._living(tenant):
            grant.alive = False

    @alone
    def authorised_at(self, tenant: str, moment: datetime) -> None:
        """Beyond the port: the company's consent was given at that moment; the five years count from then."""
        for grant in self._living(tenant):
            grant.extra["given"] = moment.isoformat()

    def _living(self, tenant: str) -> list[Grant]:
        return [grant for grant in self.tokens.grants if grant.alive and grant.subject == tenant]

    @alone
    def webhooks(self, how: str = "") -> list[Webhook]:
        connected = {grant.subject for grant in self.tokens.grants if grant.alive}
        news = [one for realm in self.realms.values() if realm.id in connected for one in realm.news]
        waiting = hooks.deliveries(news, self.webhook_key, self.new_id, legacy=self.legacy_webhooks, how=how)
        for realm in self.realms.values():
            realm.news.clear()
        return waiting

    # What callers meet over HTTP

    def _make_app(self) -> Flask:
        app = Flask(__name__)
        app.before_request(self._before)
        app.after_request(self._after)
        consent.add_routes(app, self)
        paylink.add_routes(app, self)
        app.add_url_rule("/v3/company/<realm>/<path:rest>", "api", self._api, methods=["GET", "POST"])
        return app

    @alone
    def _before(self) -> Response | None:
        g.fault, left = self._faults.take(f"{request.method} {request.full_path}", self.clock())
        return faults.ANSWERS[g.fault](left) if g.fault in faults.ANSWERS else None

    @alone
    def _after(self, response: Response) -> Response:
        response.headers["intuit_tid"] = f"1-{self.new_id()}"
        return faults.cut(response) if g.get("fault") == faults.DROP else response

    @alone
    def _api(self, realm: str, rest: str) -> Response:
        head = rest.split("/")[0]
        self.calls[f"{request.method} /{head}"] += 1
        self.minor_versions[request.args.get("minorversion", "")] += 1
        if not self._throttle.admits(realm, self.clock(), batch=head == "batch"):
            return faults.throttled()
        token = faults.bearer()
        grant = self.tokens.check(token)
        if grant is None:
            return faults.unauthorised(token, int(self.clock().timestamp() * 1000))
        if grant.subject != realm or realm not in self.realms:
            return faults.not_authorised()
        return self._once(self.realms[realm], rest)

    def _once(self, realm: Realm, rest: str) -> Response:
        """One request; the same `requestid` gets the first answer again, and nothing is booked twice."""
        key = request.args.get("requestid", "") if request.method == "POST" else ""
        if len(key) > (36 if rest.startswith("batch") else 50):
            fault = faults.Fault("2050", "Invalid String. The string is either too short or too long", "requestid")
            return faults.answer(fault.body(), 400)
        if key in realm.replies:
            body, status = realm.replies[key]
            return Response(body, status, mimetype="application/json")
        response = api.handle(realm, rest)
        if key and response.status_code == 200:
            realm.replies[key] = (response.get_data(), response.status_code)
        return response
