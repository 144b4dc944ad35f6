"""Shared by all pages: the CSRF check, the rate limits, and the way to the runtime. Holds no rules of its own."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from workflows.runtime import Runtime

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="fixed-window")


def runtime() -> Runtime:
    """The runtime this app was registered with."""
    return cast(Runtime, current_app.extensions["dunlin"])


def link_key() -> str:
    """Portal limits count per link: guessing one is hopeless, and a whole office may share an address."""
    return str((request.view_args or {}).get("token", ""))[:300]


def was_refused(response: Response) -> bool:
    """Only failed sign-ins count towards the limit."""
    return response.status_code == 401
