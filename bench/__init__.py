"""Side-by-side figures: ratios from one run against a peer and a floor. Never part of a test."""
