"""The store, and the tables on both databases."""
