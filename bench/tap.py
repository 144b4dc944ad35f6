"""The Singer taps as they are, their address aimed at the page server while they run. Their messages go to /dev/null.

Runs under the Python of a tap's own environment (see `environments.py`) and imports nothing of ours but `bench.child`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from bench.child import Job

START = "2000-01-01T00:00:00Z"


def ready(job: Job) -> Callable[[], int]:
    """Read invoices and customers from the beginning; how many invoices the tap wrote."""
    import singer

    write, wrote = singer.write_record, [0]

    def counted(stream: str, *rest: Any, **more: Any) -> None:
        wrote[0] += stream == "invoices"
        write(stream, *rest, **more)

    singer.write_record = counted
    read = {"quickbooks": _quickbooks, "xero": _xero}[job.kind](job)

    def act() -> int:
        read()
        return wrote[0]

    return act


def _chosen(catalog: Any, *wanted: str) -> Any:
    """The catalog with these streams and all their fields selected."""
    for stream in catalog.streams:
        for about in stream.metadata:
            about["metadata"]["selected"] = stream.tap_stream_id in wanted
    return catalog


def _quickbooks(job: Job) -> Callable[[], object]:
    """Its pages hold 1,000 rows, both entities in one batch call. In its dev mode it never refreshes the token."""
    from tap_quickbooks import client, discover, sync

    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    client.PROD_ENDPOINT_BASE = job.server
    config = {"start_date": START, "user_agent": "bench", "realm_id": job.tenant, "access_token": "bench"}
    config |= {"client_id": "bench", "client_secret": "bench", "refresh_token": "bench"}
    tap, catalog = client.QuickbooksClient("", config, dev_mode=True), discover.do_discover()
    return lambda: sync.do_sync(tap, config, {}, _chosen(catalog, "invoices", "customers"))


def _xero(job: Job) -> Callable[[], object]:
    """Its pages hold 100 rows. Where it fetches its token is written into a method, so that one is replaced."""
    import tap_xero
    from tap_xero import client, context

    def refresh(self: Any, _config: object, _path: object) -> None:
        self.access_token, self.tenant_id = "bench", job.tenant

    client.BASE_URL, client.XeroClient.refresh_credentials = f"{job.server}/api.xro/2.0", refresh
    config = {"start_date": START, "include_archived_contacts": "true"}
    here = context.Context(config, {}, None, "")
    here.catalog = _chosen(tap_xero.discover(here), "invoices", "contacts")
    return lambda: tap_xero.sync(here)
