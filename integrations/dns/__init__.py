"""Asking the DNS; `base` is the port."""
