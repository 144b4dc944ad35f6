"""What a file is, its bytes say."""

from __future__ import annotations

import pytest

from core.file_kinds import ENDINGS, kind_of


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7 rest", "application/pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("Ünicode, two lines\n\tand a tab".encode(), "text/plain"),
    ],
)
def test_the_kinds_we_take(body: bytes, kind: str) -> None:
    assert kind_of(body) == kind
    assert kind in ENDINGS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\xff\xfe\x00a",
        b"bell\x07",
        b"<svg onload='x'>",
        b"\xef\xbb\xbf <!doctype html>",
    ],
)
def test_everything_else_we_do_not(body: bytes) -> None:
    assert kind_of(body) == ""
