"""The DNS as it is asked: a real server on loopback that knows, does not know, fails or says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.dns.lookup import Dns
from integrations.errors import Transient
from sandbox.nameserver import Nameserver

LONG = "v=DKIM1; k=rsa; p=" + "MIIB" * 120


@pytest.fixture
def server() -> Iterator[Nameserver]:
    with Nameserver({"wren.example": ["v=spf1 ~all", "other"], "long.example": [LONG], "bare.example": []}) as opened:
        yield opened


def test_every_record_comes_back_whole(server: Nameserver) -> None:
    dns = Dns(server.server)
    assert dns.texts("wren.example") == ("other", "v=spf1 ~all")
    assert dns.texts("Long.Example") == (LONG,), "a long record is kept in pieces there"


def test_a_name_that_is_not_there_and_one_without_records_have_none(server: Nameserver) -> None:
    dns = Dns(server.server)
    assert (dns.texts("nobody.example"), dns.texts("bare.example")) == ((), ())


def test_silence_and_failure_are_no_answer(server: Nameserver) -> None:
    server.silent.add("wren.example")
    server.broken.add("long.example")
    dns = Dns(server.server, seconds=0.3)
    for name in ("wren.example", "long.example"):
        with pytest.raises(Transient, match=f"no answer about {name}"):
            dns.texts(name)


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "ü" * 300])
def test_a_name_that_cannot_be_asked_about_is_no_answer(server: Nameserver, name: str) -> None:
    with pytest.raises(Transient):
        Dns(server.server).texts(name)
