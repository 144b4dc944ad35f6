"""A folder of files as one ZIP, and tables as CSV that a spreadsheet can open safely. Knows nothing of what is in them.

The same files at the same moment give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

INDEX = "index.json"
_EARLIEST = 1980  # the format knows no year before it
# What a spreadsheet takes for a formula, also in its wide form; a tab or a line's end may lead to one.
_FORMULA = re.compile(r"[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n]")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV table with its head. Text that a spreadsheet could take for a formula gets an apostrophe in front."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([head, *([cell(one) for one in row] for row in rows)])
    return written.getvalue().encode("utf-8-sig")


def cell(value: object) -> str:
    """The value as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def rows(table: bytes) -> list[list[str]]:
    """A table as it was made, head first, for showing it."""
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def new_name(folder: str, stem: str, ending: str, taken: Collection[str]) -> str:
    """A name that is not taken yet, also where capitals do not count; `stem` may be anything."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:80] or "no-number"
    known, name, place = {one.lower() for one in taken}, f"{folder}{safe}{ending}", 1
    while name.lower() in known:
        place += 1
        name = f"{folder}{safe}-{place}{ending}"
    return name


def packed(files: Mapping[str, bytes], at: datetime) -> bytes:
    """The files as a ZIP with an index of their SHA-256 sums, all dated `at` (UTC)."""
    everything = {**files, INDEX: _index(files)}
    moment = at.astimezone(UTC)
    stamp = (max(moment.year, _EARLIEST), moment.month, moment.day, moment.hour, moment.minute, moment.second)
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for name in sorted(everything):
            entry = ZipInfo(name, stamp)
            entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, 3, 0o600 << 16
            archive.writestr(entry, everything[name])
    return written.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of a ZIP that was packed here, by name, in its order."""
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def digest(data: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(data).hexdigest()


def _index(files: Mapping[str, bytes]) -> bytes:
    sums = {name: digest(data) for name, data in files.items()}
    return json.dumps({"sha256": sums}, indent=1, sort_keys=True).encode()
