"""Where a setting's address may lead: in the demo nowhere outside, and outside the demo nothing travels in the open;
and which keys are none, outside the demo.

Parses and refuses with one sentence; it reads no environment and opens nothing.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting cannot be used; the message is one sentence that names the variable and says what to do."""


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def reaches_nobody(host: str) -> bool:
    """This machine, or a name under .test, which by RFC 6761 belongs to nobody."""
    if host == "localhost" or host.endswith(".test"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_reach(name: str, value: str, demo: bool) -> None:
    """In the demo nothing may lead outside; outside the demo nothing may travel in the open."""
    host = host_of(value)
    if not host:
        raise ValueError(f"DUNLIN_{name.upper()} is not an address with a host; write it like https://example.com.")
    if demo and name == "public_url" and not value.startswith(("http://", "https://")):
        raise ValueError(f"DUNLIN_{name.upper()} must begin with http:// or https://.")
    if demo and not reaches_nobody(host):
        raise ValueError(
            f"DUNLIN_{name.upper()} leads to {host}, and a demo reaches nobody; start it with `make demo`."
        )
    if not demo and name != "smtp_url" and not value.startswith("https://"):
        raise ValueError(f"DUNLIN_{name.upper()} must begin with https:// outside the demo.")


def check_keys(secret_keys: tuple[str, ...], index_key: str) -> None:
    """A word said over and over is long and yet no secret; and one key does not do the work of both."""
    for name, keys in (("SECRET_KEYS", secret_keys), ("INDEX_KEY", (index_key,))):
        if any(key in (key + key)[1:-1] for key in keys if key):
            raise ValueError(f"DUNLIN_{name} holds a key that only repeats itself; use 32 random characters or more.")
    if index_key and index_key in secret_keys:
        raise ValueError("DUNLIN_INDEX_KEY and DUNLIN_SECRET_KEYS must differ; make a key of its own for each.")
