"""The pure room: money, calendars, facts, cadences, `plan()`.

Standard library only, no clock, no chance, no input or output.
"""
