"""The whole demo with its pages and workers as processes, one of which is killed again and again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.databases import migrated
from tests.house.code import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(400)]


def demo(*words: str) -> tuple[int, dict[str, Any], str]:
    """(exit code, figures, what it said beside them)"""
    asked = [sys.executable, "-m", "flask", "demo", "--headless", "--json", *words]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=390, check=False)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_with_a_worker_killed_every_few_seconds_nobody_hears_anything_twice_and_all_that_was_paid_is_booked(
    tmp_path: Path,
) -> None:
    with migrated("postgres", tmp_path) as url:
        code, figures, said = demo("--days", "2", "--workers", "2", "--kill-every", "4", "--database", url)
    assert code == 0, said
    assert figures["kills"] > 0
    assert len(figures["in_doubt"]) == figures["touches_in_doubt"] <= figures["most_in_doubt"]
    assert figures["touches_sent"] > 0
    assert figures["duplicate_touches"] == figures["touches_about_paid_invoices"] == 0
    assert figures["payments_taken"] == figures["payments_written_back"] > 0


def test_workers_without_a_database_of_their_own_kind_are_refused_in_one_sentence(tmp_path: Path) -> None:
    code, _, said = demo("--days", "2", "--workers", "2", "--database", f"sqlite:///{tmp_path / 'some.db'}")
    assert code == 2
    assert "Workers need PostgreSQL: name an empty database with --database." in said
