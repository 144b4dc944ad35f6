"""Every `flask` command beside those of `cli`, from the files they stand in."""

from __future__ import annotations

import cli_audit
import cli_backtest
import cli_cadences
import cli_capacity
import cli_demo
import cli_demo_parts
import cli_experiment
import cli_forecast
import cli_house
import cli_kindness
import cli_security
import cli_serve
import cli_why

_FILES = (
    cli_demo,
    cli_demo_parts,
    cli_kindness,
    cli_backtest,
    cli_forecast,
    cli_experiment,
    cli_why,
    cli_cadences,
    cli_capacity,
    cli_audit,
    cli_house,
    cli_serve,
    cli_security,
)
EVERY = tuple(one for file in _FILES for one in file.COMMANDS)
