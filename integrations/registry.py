"""One line for each kind of ledger, processor and channel. Only `app.py` and the tests read it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from integrations.channels.smtp import Smtp
from integrations.ledgers.quickbooks import QuickBooks
from integrations.ledgers.xero import Xero
from integrations.processors.base import ProcessorKind
from integrations.processors.gocardless import GoCardless
from integrations.processors.stripe import Stripe
from integrations.transport import Transport

LEDGERS: dict[str, type[QuickBooks] | type[Xero]] = {"quickbooks": QuickBooks, "xero": Xero}
PROCESSORS: dict[str, type[Stripe] | type[GoCardless]] = {"stripe": Stripe, "gocardless": GoCardless}
CHANNELS = {"smtp": Smtp}


def processors(api_url: Callable[[str], str], transport: Transport) -> dict[str, ProcessorKind]:
    """Every kind of processor, each reached at the address that `api_url` gives for it."""
    return {
        kind: ProcessorKind(
            kind,
            one.label,
            one.ways,
            one.labels,
            partial(one, api_url=api_url(kind), transport=transport),
            one.mandates,
            one.pages,
            one.paid_out_within,
        )
        for kind, one in PROCESSORS.items()
    }
