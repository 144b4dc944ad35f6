"""The outside world: adapters for ledgers, processors and channels. No decisions, no database."""
