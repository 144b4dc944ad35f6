"""A pretend Xero: organisations, their books, OAuth and the accounting API, spoken as Xero speaks it.

For the demo and the tests only. It decides nothing about Dunlin and imports none of it.
"""

from sandbox.xero.twin import XeroTwin

__all__ = ["XeroTwin"]
