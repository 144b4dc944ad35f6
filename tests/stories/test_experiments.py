"""`flask experiment simulate`: the same figures for the same seed; the exit code says whether the promise held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask as App
from flask.testing import FlaskCliRunner

from app import create_app

SMALL = ("experiment", "simulate", "--tests", "20", "--accounts", "60", "--weeks", "13")


@pytest.fixture(scope="module")
def app() -> App:
    return create_app()


@pytest.fixture
def flask(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskCliRunner]:
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path))
    with app.app_context():
        yield app.test_cli_runner()


def test_the_simulation_prints_false_alarms_and_the_power_curve(flask: FlaskCliRunner) -> None:
    found = flask.invoke(args=[*SMALL, "--json"])
    told = json.loads(found.stdout)
    assert found.exit_code == 0
    assert told["false_alarms"] <= told["allowed"] < told["tests"] == 20
    assert [one["ratio"] for one in told["power"]] == [1.25, 1.5, 2.0, 3.0]
    assert told["power"][0]["power"] < told["power"][-1]["power"]
    assert told["power"][0]["days"] < told["power"][-1]["days"]
    assert flask.invoke(args=[*SMALL, "--json"]).stdout == found.stdout
    assert flask.invoke(args=[*SMALL, "--json", "--seed", "2"]).stdout != found.stdout


def test_in_words_it_says_how_many_alarms_are_allowed_and_what_ignoring_accounts_would_do(
    flask: FlaskCliRunner,
) -> None:
    lines = flask.invoke(args=list(SMALL)).stdout
    assert "20 tests without a difference, 60 accounts, 13 weeks: " in lines
    assert "With each invoice a unit of its own: " in lines
