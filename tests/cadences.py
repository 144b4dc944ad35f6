"""Texts of cadences that several tests save: the shipped one, a calmer one, one that breaks a promise."""

from __future__ import annotations

from workflows import cadences

DEFAULT = cadences.shipped_library()["default"]
CALMER = DEFAULT.replace('title = "Early and gentle"', 'title = "Calmer"').replace("week_limit = 2", "week_limit = 1")
# Its first step is for large sums only, so a small invoice would hear the clear one first.
BEGINS_CLEARLY = """
name = "clear"
title = "Clear at once"
[[step]]
name = "late-4"
offset = 4
tone = "kind"
[step.when]
amount_at_least = 100
[[step]]
name = "late-12"
offset = 12
tone = "clear"
"""
