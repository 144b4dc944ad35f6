"""One line for each kind of ledger, processor and channel. Only `app.py` and the tests read it."""

from __future__ import annotations

from integrations.channels.smtp import Smtp
from integrations.ledgers.quickbooks import QuickBooks
from integrations.ledgers.xero import Xero
from integrations.processors.stripe import Stripe

LEDGERS = {"quickbooks": QuickBooks, "xero": Xero}
PROCESSORS = {"stripe": Stripe}
CHANNELS = {"smtp": Smtp}
