"""Day by day, with the days on which nothing happens."""
