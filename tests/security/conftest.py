"""The small world of the web tests, for the tests of what must not happen in it."""

from tests.web.conftest import ann, first, onlooker, shown, stranger, world

__all__ = ["ann", "first", "onlooker", "shown", "stranger", "world"]
