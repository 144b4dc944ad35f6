"""An organisation's zone as Xero writes it: the Windows name in capitals, without spaces, dots or dashes.

It only translates our own data; Xero's odd names are the adapter's affair.
"""

from __future__ import annotations

from tzlocal.windows_tz import tz_win


def windows_name(zone: str) -> str:
    """NEWZEALANDSTANDARDTIME for Pacific/Auckland; KeyError for a zone that Windows does not know."""
    name: str = tz_win[zone]
    return name.replace(" ", "").replace(".", "").replace("-", "").upper()
