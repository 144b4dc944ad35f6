"""What is written to the log, and what never is: one place for the whole house.

Our own log says what happened in our own words. The libraries keep theirs to themselves: at debug they print tokens,
bodies, and addresses with a company's id. A traceback shows no values of variables, for a token may be among them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

_TALKERS = ("intuitlib", "oauthlib", "quickbooks", "requests_oauthlib", "urllib3", "xero_python")


_UNSAID = frozenset(
    (
        *("address", "addresses", "email", "name", "names", "phone", "recipients", "customer", "to"),
        *("subject", "text", "html", "body", "words", "headers", "cookie"),
        *("authorization", "password", "secret", "token", "tokens"),
    )
)
_HASH = re.compile(r"[0-9a-f]{64}")  # the end of a chain of the log is to be found again
# What gives something away by its looks, and what is written in its place.
_TELLING = (
    (re.compile(r"\[parameters: .*?\](?=\n|$)", re.DOTALL), "[parameters left out]"),
    (re.compile(r"(/(?:p|stop)/)[^\s/'\"?]+"), r"\1[link]"),
    (re.compile(r"(://)[^\s/@]+@"), r"\1[key]@"),
    (re.compile(r"[^\s<>\"'(),;:=/\[\]]+@[^\s<>\"'(),;:/]+"), "[address]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [key]"),
    (re.compile(r"\b(?:sk|rk|pk|whsec)_\w+"), "[key]"),
    (re.compile(r"[\w-]{36,}(?:\.[\w-]+)*"), "[key]"),
    (re.compile(r"(?:[£$€]\s?\d[\d.,]*|\b\d[\d,]*\.\d\d\s?[A-Z]{3}\b|\b[A-Z]{3}\s?\d[\d,]*\.\d\d\b)"), "[sum]"),
)


def hush() -> None:
    """Nothing these libraries say reaches anybody's log, at whatever level; repeated calls do nothing more."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False  # for those below it that somebody turns up one by one
        if not logger.handlers:  # else Python's last resort would print what is severe
            logger.addHandler(logging.NullHandler())


def speak(least: int, stream: TextIO, as_json: bool = False) -> None:
    """Write our own log to `stream`, from this level up: lines for people, or one JSON object each.

    What a library says of its troubles goes the same way, and with it through the same sieve.
    """
    last: Processor = structlog.dev.ConsoleRenderer(colors=False)
    if as_json:
        last = structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(stream),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="iso" if as_json else "%Y-%m-%d %H:%M:%S", utc=True),
            structlog.processors.format_exc_info,  # a traceback without the values of variables
            leave_out,
            last,
        ],
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _PassedOn)]
    root.addHandler(_PassedOn(max(least, logging.WARNING)))


class _PassedOn(logging.Handler):
    """What other libraries log, in our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        say = structlog.get_logger().error if record.levelno >= logging.ERROR else structlog.get_logger().warning
        say(record.getMessage(), logger=record.name, exc_info=record.exc_info)


def leave_out(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: nobody's name, address or words, no sum, no link, no key. Ids of ours, codes and counts may stay."""
    for key, value in event.items():
        if key.lower() in _UNSAID:
            event[key] = "[left out]"
        elif isinstance(value, str) and not (key == "link" and _HASH.fullmatch(value)):
            event[key] = _sieved(value)
        elif isinstance(value, list | tuple | dict | set):
            event[key] = _sieved(str(value))
    return event


def _sieved(text: str) -> str:
    for pattern, instead in _TELLING:
        text = pattern.sub(instead, text)
    return text
