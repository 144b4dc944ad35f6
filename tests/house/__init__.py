"""Tests about the code itself: its sizes, its layers, its settings, its files."""
