"""What the stories share: passwords that cost little to check."""

from tests.passwords import cheap_passwords

__all__ = ["cheap_passwords"]
