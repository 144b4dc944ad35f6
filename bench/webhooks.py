"""`python -m bench webhooks`: taking in signed deliveries through the whole web application, beside a bare Flask route
that verifies the same signature, and a floor that verifies nothing. One after the other, each a commit of ours.

Processor time of the process, in process, without sockets; bursts over a real server are `bench load`'s.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence

from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import func, select

import app as whole
from bench.load import sign
from bench.office import office_on_disk
from models import Delivery

NUMBER, PORTIONS = 1_000, 5
Letter = tuple[bytes, dict[str, str]]


def letters(number: int) -> list[Letter]:
    """Deliveries of QuickBooks about one invoice each, signed as it does."""
    found = []
    for place in range(number):
        entity = {"name": "Invoice", "id": f"i-{place}", "operation": "Update", "lastUpdated": f"{place}"}
        body = {"eventNotifications": [{"realmId": "tenant", "dataChangeEvent": {"entities": [entity]}}]}
        raw = json.dumps(body).encode()
        found.append((raw, {"Content-Type": "application/json", "intuit-signature": sign(raw, "bench")}))
    return found


def peer(checks: bool) -> FlaskClient:
    """A bare Flask route; with `checks` it verifies the signature first."""
    app = Flask("bare")

    @app.post("/webhooks/quickbooks")
    def take() -> tuple[str, int]:
        raw = request.get_data()
        right = base64.b64encode(hmac.digest(b"bench", raw, hashlib.sha256)).decode()
        told = request.headers["intuit-signature"]
        return ("", 200) if not checks or hmac.compare_digest(right, told) else ("", 401)

    return app.test_client()


def seconds(client: FlaskClient, found: Sequence[Letter]) -> float:
    """A delivery that is not answered with 200 ends it."""
    began = time.process_time()
    for raw, headers in found:
        answer = client.post("/webhooks/quickbooks", data=raw, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"It was answered with {answer.status}.")
    return time.process_time() - began


def in_turn(clients: Sequence[FlaskClient], found: Sequence[Letter]) -> list[float]:
    """Seconds a delivery of each, in the quickest of some portions: they take turns, so all meet the same noise."""
    each = len(found) // PORTIONS
    portions = [found[place : place + each] for place in range(0, each * PORTIONS, each)]
    taken = [[seconds(one, portion) / each for one in clients] for portion in portions]
    return [min(column) for column in zip(*taken, strict=True)]


def main(number: int = NUMBER) -> None:
    found = letters(number)
    with office_on_disk() as here:
        client = whole.create_app(here.settings, here.rt).test_client()
        mine, checked, least = in_turn((client, peer(True), peer(False)), found)
        with here.rt.store.read() as session:
            stored = session.scalar(select(func.count()).select_from(Delivery))
    if stored != number:
        raise RuntimeError(f"{stored} of {number} were stored")
    each = [1e3 * one for one in (mine, checked, least)]
    print(
        f"webhooks: {number:,} deliveries, all stored; {each[0]:.2f} ms of processor each, a bare Flask route that "
        f"verifies {each[1]:.2f} ({each[0] / each[1]:.1f} times), one that does not {each[2]:.2f} "
        f"({each[0] / each[2]:.1f} times)"
    )


if __name__ == "__main__":
    main()
