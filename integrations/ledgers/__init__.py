"""Accounting systems; `base` is the port, each ledger a package of its own."""
