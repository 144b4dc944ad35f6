"""The DNS asked through dnspython, as this machine asks it or at one server alone. It keeps nothing."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from integrations.errors import Transient

SECONDS = 6.0  # for one question, all tries together


class Dns:
    """The DNS as this machine asks it, or at `server` (address and port) alone."""

    def __init__(self, server: tuple[str, int] | None = None, seconds: float = SECONDS) -> None:
        self._server, self._seconds = server, seconds

    def texts(self, name: str) -> tuple[str, ...]:
        try:
            answer = self._resolver().resolve(name, dns.rdatatype.TXT, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise Transient(f"The DNS gave no answer about {name}.") from error
        return tuple(sorted(_joined(one.strings) for one in answer if isinstance(one, TXT)))

    def _resolver(self) -> dns.resolver.Resolver:
        """Made for each question: this machine's own settings may have changed since."""
        found = dns.resolver.Resolver(configure=self._server is None)
        found.lifetime = self._seconds
        if self._server is not None:
            found.nameservers, found.port = [self._server[0]], self._server[1]
        return found


def _joined(strings: Sequence[bytes]) -> str:
    return b"".join(strings).decode("utf-8", "replace")
