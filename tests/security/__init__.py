"""What docs/security.md promises, requirement by requirement; the table there names the tests here."""
