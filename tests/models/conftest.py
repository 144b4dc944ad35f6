"""Gives the tests of this folder their databases."""

from tests.databases import empty_store, store

__all__ = ["empty_store", "store"]
