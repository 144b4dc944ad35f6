"""The other side of a load: webhooks at a fixed pace, payers with time to think, and clients that dawdle.

It speaks HTTP only. A time is measured from the moment at which a request was due, so that a server that stalls cannot
hide it by keeping the next one waiting.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar, TCPConnector

PATIENCE = ClientTimeout(total=60)
FLOOR = "/static/mark.svg"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_INVOICE = re.compile(r'name="invoice"[^>]*value="([^"]+)"')


@dataclass(slots=True)
class Times:
    """Seconds of every request, and how often each answer came; an answer that never came is named by its error."""

    seconds: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def at(self, share: float) -> float:
        """So many of all were answered within this."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def told(self) -> str:
        answers = ", ".join(f"{count:,} × {answer}" for answer, count in self.answers.most_common())
        p50, p99, most = (self.at(share) * 1000 for share in (0.5, 0.99, 1.0))
        return f"p50 {p50:,.0f} ms, p99 {p99:,.0f} ms, most {most:,.0f} ms; {answers}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A request that was made up beforehand, due `at` seconds after the start."""

    at: float
    body: bytes
    headers: dict[str, str]


async def posted(url: str, letters: Sequence[Letter]) -> Times:
    """Each on its own connection and in its own moment, however long the others take."""
    found, start = Times(), perf_counter() + 0.2
    async with _session(force_close=True) as session:

        async def post(one: Letter) -> None:
            await asyncio.sleep(max(0.0, start + one.at - perf_counter()))
            await _timed(found, start + one.at, session, "POST", url, data=one.body, headers=one.headers)

        await asyncio.gather(*(post(one) for one in letters))
    return found


async def gotten(urls: Sequence[str], seconds: float = 0.0) -> Times:
    """These pages, spread evenly over the seconds; all in the same instant when there are none."""
    found, start = Times(), perf_counter() + 0.2
    async with _session(force_close=True) as session:

        async def get(place: int, url: str) -> None:
            due = start + seconds * place / len(urls)
            await asyncio.sleep(max(0.0, due - perf_counter()))
            await _timed(found, due, session, "GET", url)

        await asyncio.gather(*(get(place, url) for place, url in enumerate(urls)))
    return found


async def paid(links: Sequence[str], seed: int, within: float, reading: float = 0.0) -> Times:
    """A payer behind each link, who comes at some moment `within` so many seconds: they open the page, look at the
    statement, answer, and open it again, with a second to three in between, or as people do: `reading` seconds each
    time on average, most of them less, at least one and at most sixty.
    """
    found = Times()
    chances = [Random(seed * 1000 + place) for place in range(len(links))]
    await asyncio.gather(*(_payer(found, link, chances[place], within, reading) for place, link in enumerate(links)))
    return found


async def _payer(found: Times, link: str, chance: Random, within: float, reading: float) -> None:
    async def think() -> None:
        await asyncio.sleep(min(1 + chance.expovariate(1 / (reading - 1)), 60) if reading else chance.uniform(1, 3))

    await asyncio.sleep(chance.uniform(0, within))
    async with _session() as session:
        page = await _timed(found, perf_counter(), session, "GET", link)
        token, invoices = _TOKEN.search(page), _INVOICE.findall(page)
        await think()
        await _timed(found, perf_counter(), session, "GET", f"{link}/statement")
        await think()
        if token is None or not invoices:
            found.answers["no form to answer with"] += 1
            return
        what = chance.choice(("promise", "forgot"))
        day = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
        form = {"csrf_token": token[1], "invoice": invoices[0], "day": day}
        await _timed(found, perf_counter(), session, "POST", f"{link}/answers/{what}", data=form)
        await think()
        await _timed(found, perf_counter(), session, "GET", link)


def _session(force_close: bool = False) -> ClientSession:
    jar, lines = CookieJar(unsafe=True), TCPConnector(limit=0, force_close=force_close)
    return ClientSession(connector=lines, cookie_jar=jar, timeout=PATIENCE)


async def _timed(found: Times, due: float, session: ClientSession, method: str, url: str, **given: object) -> str:
    try:
        async with session.request(method, url, allow_redirects=False, **given) as answer:  # type: ignore[arg-type]
            text = await answer.text()
            said = str(answer.status)
    except (ClientError, TimeoutError, OSError) as error:
        text, said = "", type(error).__name__
    found.seconds.append(perf_counter() - due)
    found.answers[said] += 1
    return text


async def beside_slow(url: str, clients: int, act: Callable[[], Awaitable[Times]]) -> Times:
    """What `act` comes to beside so many clients, of which half send a byte a second and half read one."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 80
    ways = (_sends_its_head, _sends_its_body, _reads, _reads)
    slow = [asyncio.create_task(ways[place % 4](host, port)) for place in range(clients)]
    await asyncio.sleep(2)
    try:
        return await act()
    finally:
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def _sends_its_head(host: str, port: int) -> None:
    await _dribbled(host, port, b"", b"GET /static/mark.svg HTTP/1.1\r\nHost: here\r\nX-Slow: " + b"x" * 1000)


async def _sends_its_body(host: str, port: int) -> None:
    head = b"POST /webhooks/quickbooks HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n"
    await _dribbled(host, port, head, b"x" * 1000)


async def _dribbled(host: str, port: int, at_once: bytes, slowly: bytes) -> None:
    async with _line(host, port) as (_, writer):
        writer.write(at_once)
        for byte in slowly:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)


async def _reads(host: str, port: int) -> None:
    """The largest file there is, a byte a second."""
    async with _line(host, port) as (reader, writer):
        writer.write(b"GET /bootstrap/static/css/bootstrap.min.css HTTP/1.1\r\nHost: here\r\n\r\n")
        while await reader.read(1):
            await asyncio.sleep(1)


@asynccontextmanager
async def _line(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port, limit=1)
    try:
        yield reader, writer
    finally:
        writer.close()
