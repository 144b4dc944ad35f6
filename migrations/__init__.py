"""The history of the tables. A migration that was released is never edited; `make migration` adds the next one."""
