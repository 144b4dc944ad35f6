"""A pretend world for the demo and the tests: ledgers, a card processor, a mailbox and people with habits.

It speaks the vendors' real protocols over HTTP and SMTP. The product never imports it; it knows only `core` and Flask.
"""
