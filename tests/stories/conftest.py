"""Stories that break a process off in the middle of what it does need it done in their own thread, wherever else
stories live (`tests.homes`).
"""

from __future__ import annotations

import pytest

from tests import homes


@pytest.fixture(autouse=True)
def _at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if homes.HOME == "workers" and request.node.get_closest_marker("at_once"):
        monkeypatch.setattr(homes, "HOME", "postgres")
