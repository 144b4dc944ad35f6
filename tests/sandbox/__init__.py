"""The twins against the vendors' descriptions."""
