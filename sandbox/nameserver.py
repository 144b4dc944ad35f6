"""A pretend DNS: a real server on loopback UDP that knows a few text records, and is slow or broken on demand."""

from __future__ import annotations

import socket
import threading

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class Nameserver:
    """`texts` are the records by name, lower case. At names in `silent` nothing is answered, at names in `broken` that
    it failed; every other name does not exist. Also a context manager.
    """

    def __init__(self, texts: dict[str, list[str]] | None = None) -> None:
        self.texts = texts or {}
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.server: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering; repeated calls do nothing."""
        if self._thread.is_alive():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
                bell.sendto(b"", self.server)
            self._thread.join()
        self._socket.close()

    def __enter__(self) -> Nameserver:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            wire, whence = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), whence)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        name = query.question[0].name
        plain = name.to_text(omit_final_dot=True).lower()
        self.asked.append(plain)
        if plain in self.silent:
            return None
        answer = dns.message.make_response(query, recursion_available=True)
        if plain in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif plain not in self.texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif query.question[0].rdtype == dns.rdatatype.TXT and self.texts[plain]:
            written = [" ".join(f'"{part}"' for part in _parts(text)) for text in self.texts[plain]]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *written))
        return answer


def _parts(text: str) -> list[str]:
    """A record holds strings of at most 255 characters."""
    return [text[start : start + 255] for start in range(0, len(text), 255)]
