"""Connections that lead outside only: a name a client typed is looked up once, and what is connected to is the address
that was looked at, so that no name can lead into the network this installation stands in. It sends nothing.
"""

from __future__ import annotations

import smtplib
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from integrations.errors import Misconfigured

_INSIDE = "The mail server's name leads to an address that is not on the public internet; please name a public one."


def addresses_of(host: str, port: int) -> list[str]:
    """Where the name leads, the best first. OSError when it leads nowhere; Misconfigured when any of it is not public:
    this machine, a private network, or what a cloud keeps for itself (169.254.169.254).
    """
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(is_public(one) for one in found):
        raise Misconfigured(_INSIDE)
    return found


def is_public(address: str) -> bool:
    """Whether it is one address of the public internet; an IPv4 address inside an IPv6 one is looked at itself."""
    try:
        one: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(one, IPv6Address):
        one = one.ipv4_mapped or one.sixtofour or one
    return one.is_global and not one.is_multicast


class Outside(smtplib.SMTP):
    """smtplib's connection, to addresses that were looked at. Certificates are still checked against the name."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        *others, last = addresses_of(host, port)
        for address in others:
            try:
                return self._reach(address, port, timeout)
            except OSError:
                continue
        return self._reach(last, port, timeout)

    def _reach(self, address: str, port: int, timeout: float) -> socket.socket:
        reached: socket.socket = super()._get_socket(address, port, timeout)  # type: ignore[misc]
        return reached


class OutsideTls(smtplib.SMTP_SSL, Outside):
    """The same with TLS from the start: SMTP_SSL wraps what `Outside` connects."""
