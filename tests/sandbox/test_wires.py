"""The wires carry requests without sockets exactly as sockets would, and break when told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import urllib3
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.wires import Lost, Network, Server, Slow, serve


def echo_app() -> Flask:
    """Says what it was asked, remembers in a cookie, and can break off."""
    app = Flask("echo")
    app.extensions["done"] = []

    @app.route("/echo/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
    def echo(rest: str) -> ResponseReturnValue:
        visits = int(request.cookies.get("visits", "0"))
        asked = {
            "method": request.method,
            "path": rest,
            "query": request.query_string.decode(),
            "body": request.get_data().decode(),
            "header": request.headers.get("X-Ours"),
            "type": request.headers.get("Content-Type"),
            "visits": visits,
        }
        answer = jsonify(asked)
        answer.set_cookie("visits", str(visits + 1))
        return answer

    @app.get("/crash")
    def crash() -> Response:
        raise ZeroDivisionError

    @app.post("/hang-up")
    def hang_up() -> Response:
        answer = Response()
        answer.automatically_set_content_length = False
        answer.headers["Content-Length"] = "1"
        return answer

    @app.post("/pay")
    def pay() -> Response:
        app.extensions["done"].append(request.get_data())
        answer = Response(b"half an ans")
        answer.automatically_set_content_length = False
        answer.headers["Content-Length"] = "100"
        return answer

    return app


@pytest.fixture
def app() -> Flask:
    return echo_app()


@pytest.fixture
def network(app: Flask) -> Network:
    network = Network()
    network.route("ledger.test", app)
    return network


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    with serve(app) as server:
        yield server


def session_on(network: Network) -> requests.Session:
    session = requests.Session()
    session.mount("https://", network.adapter())
    return session


def test_requests_sees_the_same_answer_without_sockets_as_with_them(network: Network, server: Server) -> None:
    def ask(session: requests.Session, base: str) -> tuple[int, dict[str, object], str]:
        answer = session.post(
            f"{base}/echo/caf%C3%A9/a b", params={"q": "1 2"}, data={"m": "é"}, headers={"X-Ours": "y"}, timeout=5
        )
        return answer.status_code, answer.json(), answer.headers["Content-Type"]

    with requests.Session() as plain:
        assert ask(session_on(network), "https://ledger.test") == ask(plain, server.url)


def test_urllib3_sees_the_same_answer_without_sockets_as_with_them(network: Network, server: Server) -> None:
    def ask(pool: urllib3.PoolManager, base: str) -> list[object]:
        read = pool.request("GET", f"{base}/echo/x", fields={"where": "a b"}, headers={"X-Ours": "y"})
        headers = {"Content-Type": "application/json"}
        written = pool.request("PUT", f"{base}/echo/x", body='{"a": 1}', headers=headers, preload_content=False)
        form = pool.request("POST", f"{base}/echo/x", fields={"a": "1"}, encode_multipart=False)
        return [read.json(), read.headers["Content-Type"], written.json(), form.json()]

    with urllib3.PoolManager(retries=False) as plain:
        assert ask(network.pool(), "https://ledger.test") == ask(plain, server.url)


def test_a_session_keeps_its_cookies(network: Network) -> None:
    session = session_on(network)
    visits = [session.get("https://ledger.test/echo/x", timeout=5).json()["visits"] for _ in range(3)]
    assert visits == [0, 1, 2]


def test_an_answer_that_breaks_off_is_a_lost_one_though_the_work_was_done(app: Flask, network: Network) -> None:
    with pytest.raises(requests.ConnectionError):
        session_on(network).post("https://ledger.test/pay", data=b"one", timeout=5)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        network.pool().request("POST", "https://ledger.test/pay", body=b"two")
    assert app.extensions["done"] == [b"one", b"two"]


def test_the_same_break_over_a_socket_is_an_error_too(app: Flask, server: Server) -> None:
    with requests.Session() as session, pytest.raises(requests.RequestException):
        session.post(f"{server.url}/pay", data=b"one", timeout=5)
    with urllib3.PoolManager(retries=False) as pool, pytest.raises(urllib3.exceptions.HTTPError):
        pool.request("POST", f"{server.url}/pay", body=b"two")
    assert app.extensions["done"] == [b"one", b"two"]


def test_a_server_that_hangs_up_without_listening_does_so_at_once(server: Server) -> None:
    with requests.Session() as session, pytest.raises(requests.RequestException) as broken:
        session.post(f"{server.url}/hang-up", data=b"x" * 300_000, timeout=2)
    assert "timed out" not in str(broken.value)


def test_an_app_that_crashes_answers_500_as_a_server_would(network: Network, server: Server) -> None:
    with requests.Session() as plain:
        assert plain.get(f"{server.url}/crash", timeout=5).status_code == 500
    assert session_on(network).get("https://ledger.test/crash", timeout=5).status_code == 500


def test_nobody_answers_at_an_unknown_host(network: Network) -> None:
    with pytest.raises(requests.ConnectionError, match=r"elsewhere\.test"):
        session_on(network).get("https://elsewhere.test/", timeout=5)
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        network.pool().request("GET", "https://elsewhere.test/")


@pytest.mark.parametrize(
    ("fault", "for_requests", "for_urllib3"),
    [
        (Lost("cut"), requests.ConnectionError, urllib3.exceptions.ProtocolError),
        (Slow("late"), requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError),
        (SystemExit("killed"), SystemExit, SystemExit),
    ],
    ids=["lost", "slow", "killed"],
)
def test_a_hook_breaks_the_wire_before_or_after_the_work(
    app: Flask,
    network: Network,
    fault: BaseException,
    for_requests: type[BaseException],
    for_urllib3: type[BaseException],
) -> None:
    seen: list[tuple[str, str]] = []

    def breaks(method: str, url: str) -> None:
        seen.append((method, url))
        raise fault

    network.before = breaks
    with pytest.raises(for_requests):
        session_on(network).post("https://ledger.test/echo/x", timeout=5)
    network.before, network.after = None, breaks
    with pytest.raises(for_urllib3):
        network.pool().request("POST", "https://ledger.test/pay", body=b"two")
    assert seen == [("POST", "https://ledger.test/echo/x"), ("POST", "https://ledger.test/pay")]
    assert app.extensions["done"] == [b"two"], "before means undone, after means done"


def test_a_stopped_server_is_gone_and_its_port_is_free_again(app: Flask) -> None:
    first = serve(app)
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        serve(app, port=port)
    first.stop()
    first.stop()
    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        session.get(first.url, timeout=5)
    with serve(app, port=port) as second:
        assert second.url == first.url
