"""The mailbox of the pretend world, as a person sees it in a browser."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern

import pytest

from sandbox.mailbox import Mailbox

SUBJECT = "Rechnung 1001, kurz erinnert"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))


def send(mailbox: Mailbox, subject: str = SUBJECT, recipient: str = "ann@customer.test") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Bäcker <hello@baecker.test>", recipient, subject
    mail["List-Unsubscribe"] = "<https://dunlin.test/stop>"
    mail.set_content("die Rechnung 1001 ist fällig")
    mail.add_alternative("<html><head></head><body><b>1001</b></body></html>", subtype="html")
    line = mailbox.connect()
    line.mail("hello@baecker.test")
    line.rcpt(recipient)
    line.data(mail.as_bytes())


def test_an_onlooker_sees_each_message_the_moment_it_is_kept(mailbox: Mailbox) -> None:
    seen: list[str] = []
    mailbox.on_message = lambda mail: seen.append(mail.subject)
    mailbox.plan_fault("drop-after-data")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mailbox, "in doubt")
    mailbox.plan_fault("busy-after-data")
    send(mailbox, "not now")
    assert seen == ["in doubt"]


def test_the_mailbox_shows_each_recipient_their_messages_newest_first(mailbox: Mailbox) -> None:
    send(mailbox)
    send(mailbox, "<script>alert(1)</script>", "bob@other.test")
    browser = mailbox.app.test_client()
    assert [mail.id for mail in mailbox.messages()] == [1, 2]
    everything = browser.get("/").text
    assert everything.index("&lt;script&gt;") < everything.index("kurz erinnert")
    assert "<script>" not in everything
    anns = browser.get("/", query_string={"to": "ann@customer.test"}).text
    assert "kurz erinnert" in anns
    assert "&lt;script&gt;" not in anns


def test_a_message_is_shown_where_it_can_do_no_harm(mailbox: Mailbox) -> None:
    send(mailbox)
    browser = mailbox.app.test_client()
    page = browser.get("/mail/1")
    assert '<iframe title="The message" sandbox="allow-popups' in page.text
    assert "allow-scripts" not in page.text
    assert "die Rechnung 1001" in page.text, "the text version"
    assert "List-Unsubscribe" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    body = browser.get("/mail/1/html")
    assert "<b>1001</b>" in body.text
    assert '<base target="_blank">' in body.text
    assert "sandbox" in body.headers["Content-Security-Policy"]
    raw = browser.get("/mail/1/raw")
    assert raw.content_type.startswith("text/plain")
    assert message_from_bytes(raw.data, policy=modern)["Subject"] == SUBJECT
    assert browser.get("/mail/2").status_code == 404
    with browser.get("/static/sandbox.css") as style:
        assert style.status_code == 200


def test_a_fault_nobody_knows_is_not_planned(mailbox: Mailbox) -> None:
    with pytest.raises(ValueError, match="refuse-after-data"):
        mailbox.plan_fault("explode")


def test_it_closes_while_somebody_is_still_talking_and_opens_again(mailbox: Mailbox) -> None:
    mailbox.start()
    with smtplib.SMTP("127.0.0.1", int(mailbox.url.rpartition(":")[2]), "localhost", timeout=5) as line:
        line.ehlo()
        mailbox.stop()
        with pytest.raises(smtplib.SMTPServerDisconnected):
            line.mail("hello@baecker.test")
    with pytest.raises(RuntimeError, match="not running"):
        mailbox.url  # noqa: B018
    mailbox.start()
    with smtplib.SMTP("127.0.0.1", int(mailbox.url.rpartition(":")[2]), "localhost", timeout=5) as line:
        line.sendmail("hello@baecker.test", ["ann@customer.test"], "Subject: hello\r\n\r\nagain\r\n")
    mailbox.stop()
    assert [mail.subject for mail in mailbox.messages()] == ["hello"]
