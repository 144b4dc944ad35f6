"""Killed at random moments, real processes lose nothing and do nothing twice; `make crashes N=…` kills any number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashes.killing import Killing
from tests.databases import BOTH, migrated

KILLS = 6

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("backend", BOTH)
def test_killed_again_and_again_dunlin_keeps_its_promises(backend: str, tmp_path: Path) -> None:
    with migrated(backend, tmp_path) as url:
        outcome = Killing(1, url, tmp_path).run(KILLS)
    assert outcome.broken == []
    assert outcome.kills.total() >= KILLS
    assert outcome.messages > 0
