"""The vendors' buttons: in the vendors' wording, where they belong, and giving way to the operator's own pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

from tests.web.edges import HTTPS, client_of, sign_in
from tests.web.world import World
from workflows.runtime import Upkeep

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'


def test_the_buttons_say_what_the_vendors_ask_for_and_give_way_to_their_pictures(world: World, tmp_path: Path) -> None:
    page = client_of(world.rt).get("/sign-in", **HTTPS).text
    assert ">Sign in with Xero</button>" in page
    assert ">Sign in with Intuit</button>" in page
    assert ">Connect to QuickBooks</button>" in sign_in(client_of(world.rt)).get("/companies", **HTTPS).text
    (tmp_path / "sign-in-xero.svg").write_bytes(SVG)
    (tmp_path / "secret.svg").write_bytes(SVG)
    world.rt = replace(world.rt, upkeep=Upkeep(artwork=tmp_path))
    client = client_of(world.rt)
    page = client.get("/sign-in", **HTTPS).text
    assert '<img src="/artwork/sign-in-xero.svg" alt="Sign in with Xero">' in page
    with client.get("/artwork/sign-in-xero.svg", **HTTPS) as shown:
        assert (shown.data, shown.mimetype) == (SVG, "image/svg+xml")
    for other in ("secret.svg", "sign-in-xero.png", "..%2Fsecret.svg"):
        assert client.get(f"/artwork/{other}", **HTTPS).status_code == 404


def test_the_vendor_that_sent_somebody_stands_first(stranger: FlaskClient) -> None:
    for first, second in (("Xero", "Intuit"), ("Intuit", "Xero")):
        kind = "xero" if first == "Xero" else "quickbooks"
        page = stranger.get(f"/sign-in?next=/connect/{kind}/reconnect", **HTTPS).text
        assert page.index(f"Sign in with {first}") < page.index(f"Sign in with {second}")


def test_a_ledger_that_nobody_set_up_is_no_door(stranger: FlaskClient) -> None:
    for way in ("/launch/sage", "/sign-up/sage", "/sign-in/sage/callback"):
        assert stranger.get(way, **HTTPS).status_code == 404
