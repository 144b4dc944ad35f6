"""Every adapter against its twin."""
