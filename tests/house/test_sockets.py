"""No test can leave this machine: the guard in `tests/conftest.py` stands before every socket."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("vendor.test", 80)])
@pytest.mark.parametrize("way", ["connect", "connect_ex"])
def test_a_connection_to_another_machine_fails_the_test(way: str, address: tuple[str, int]) -> None:
    with socket.socket() as plug, pytest.raises(pytest.fail.Exception, match="only this machine may be reached"):
        getattr(plug, way)(address)


def test_this_machine_may_be_reached_by_number_and_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            with socket.socket() as plug:
                plug.connect((host, server.getsockname()[1]))
