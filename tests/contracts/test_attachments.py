"""Papers that go along with a message: whole, beside its text, and the same bytes for the same envelope."""

from __future__ import annotations

import email
from dataclasses import replace
from email import policy

import pytest

from integrations.channels.base import Attachment, Envelope
from integrations.channels.mime import compose
from integrations.errors import Rejected

PAPER = Attachment("INV-1.pdf", "application/pdf", b"%PDF-1.4 " + bytes(range(256)))
MESSAGE = Envelope(
    sender="Fern <fern@company.example>",
    recipients=("ann@customer.example",),
    reply_to="",
    subject="The copy you asked for",
    text="Here it is.\n",
    html="<p>Here it is.</p>",
    message_id="<1@company.example>",
    attachments=(PAPER, replace(PAPER, name="INV-2.pdf", body=b"%PDF-1.4 two")),
)


def test_papers_arrive_whole_and_in_order_beside_both_forms_of_the_text() -> None:
    mail = email.message_from_bytes(compose(MESSAGE), policy=policy.default)
    found = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments()]
    assert found == [(one.name, one.type, one.body) for one in MESSAGE.attachments]
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert "Here it is." in body.get_content()


def test_the_same_envelope_makes_the_same_bytes_with_papers_too() -> None:
    assert compose(MESSAGE) == compose(replace(MESSAGE))


def test_a_message_of_plain_text_alone_carries_papers_too() -> None:
    mail = email.message_from_bytes(compose(replace(MESSAGE, html="")), policy=policy.default)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["INV-1.pdf", "INV-2.pdf"]
    assert compose(replace(MESSAGE, html="")) == compose(replace(MESSAGE, html=""))


def test_no_header_is_smuggled_in_through_a_papers_name() -> None:
    odd = replace(PAPER, name='a"\r\nBcc: eve@else.example\r\n.pdf')
    with pytest.raises(Rejected):
        compose(replace(MESSAGE, attachments=(odd,)))


@pytest.mark.parametrize("count", [0, 1])
def test_a_message_without_papers_is_as_it_was(count: int) -> None:
    raw = compose(replace(MESSAGE, attachments=MESSAGE.attachments[:count]))
    assert (b"multipart/mixed" in raw) == bool(count)
