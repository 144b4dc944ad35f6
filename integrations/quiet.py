"""What is written to the log, and what never is: one place for the whole house.

Our own log says what happened in our own words. The libraries keep theirs to themselves: at debug they print tokens,
bodies, and addresses with a company's id. A traceback shows no values of variables, for a token may be among them.
"""

from __future__ import annotations

import logging
from typing import TextIO

import structlog

_TALKERS = ("intuitlib", "oauthlib", "quickbooks", "requests_oauthlib", "urllib3", "xero_python")


def hush() -> None:
    """Nothing these libraries say reaches anybody's log, at whatever level; repeated calls do nothing more."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False  # for those below it that somebody turns up one by one
        if not logger.handlers:  # else Python's last resort would print what is severe
            logger.addHandler(logging.NullHandler())


def speak(least: int, stream: TextIO) -> None:
    """Write our own log to `stream`, from this level up."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(stream),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            plain,
        ],
    )
