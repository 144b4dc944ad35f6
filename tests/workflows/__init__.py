"""One workflow at a time, on a real database."""
