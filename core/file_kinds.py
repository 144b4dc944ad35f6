"""What a file really is, found by looking at its first bytes; a name or a browser may say anything.

It knows the few kinds that people send with a letter and opens none of them.
"""

from __future__ import annotations

PDF, PNG, JPEG, WEBP, TEXT = "application/pdf", "image/png", "image/jpeg", "image/webp", "text/plain"
# The ending a file of that kind is kept with.
ENDINGS = {PDF: "pdf", PNG: "png", JPEG: "jpg", WEBP: "webp", TEXT: "txt"}
_CONTROLS = frozenset(range(0x20)) - {0x09, 0x0A, 0x0C, 0x0D}


def kind_of(body: bytes) -> str:
    """One of the kinds above, or "" for any other."""
    if body.startswith(b"%PDF-"):
        return PDF
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if body.startswith(b"\xff\xd8\xff"):
        return JPEG
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return WEBP
    return TEXT if _is_text(body) else ""


def _is_text(body: bytes) -> bool:
    """UTF-8 without control characters, and nothing that a browser would take for a page or a script."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and not _CONTROLS & set(body) and not text.lstrip("\ufeff \t\r\n").startswith("<")
