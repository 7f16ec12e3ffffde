"""The embedded mailbox: real SMTP in, Mailpit's paths and names out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from events.version import VERSION
from gehoor.mailbox.http import application
from gehoor.mailbox.kept import MailFolder
from gehoor.mailbox.sink import Sink, conversation_with
from notifier.smtp.conversation import MailAccepted
from notifier.smtp.message import Mail, to_bytes
from notifier.smtp.pool import SmtpPool
from notifier.smtp.server_url import read_smtp_url

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_mail(number: int = 1, html: str = "<p>Beste Sanne,</p>") -> bytes:
    """Give the canonical mail, as the notifier writes it."""
    return to_bytes(
        Mail(
            letter_id=UUID(int=number), message_id=f"<{number}@destiny.example>",
            sender_name="Destiny Klachten", sender="klachten@destiny.example",
            to="sanne.dewit@klant.example", subject=f"Één klacht {number}",
            text="Beste Sanne,\n\nDank u wel.\n", html=html, language="nl", sent_at=NOW,
        )
    )  # fmt: skip


@dataclass
class Mailbox:
    """A running mailbox: its folder, its SMTP port, and a browser."""

    folder: MailFolder
    smtp_port: int
    browser: httpx2.AsyncClient

    async def send(self, *mails: bytes) -> None:
        connections = SmtpPool(
            read_smtp_url(f"smtp://127.0.0.1:{self.smtp_port}?starttls=never&helo=a.example")
        )
        for mail in mails:
            assert MailAccepted() == await connections.deliver("sanne.dewit@klant.example", mail)
        await connections.close()


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    """A mailbox on a free port, with an empty folder."""
    folder = MailFolder(tmp_path / "mailbox")
    sink = Sink(folder)
    server = await asyncio.get_running_loop().create_server(lambda: conversation_with(sink), "127.0.0.1", 0)
    transport = httpx2.ASGITransport(app=application(folder))
    async with server, httpx2.AsyncClient(transport=transport, base_url="http://localhost") as browser:
        yield Mailbox(folder, server.sockets[0].getsockname()[1], browser)


async def test_a_sent_mail_is_listed_with_mailpits_names(mailbox: Mailbox) -> None:
    """A tool written for Mailpit finds every field where it expects it."""
    await mailbox.send(a_mail(1), a_mail(2))

    found = (await mailbox.browser.get("/api/v1/messages")).json()

    assert (2, 2, 2, 2, 0) == tuple(found[n] for n in ("total", "unread", "count", "messages_count", "start"))
    newest = found["messages"][0]
    assert "Één klacht 2" == newest["Subject"]
    assert {"Name": "Destiny Klachten", "Address": "klachten@destiny.example"} == newest["From"]
    assert [{"Name": "", "Address": "sanne.dewit@klant.example"}] == newest["To"]
    assert "2@destiny.example" == newest["MessageID"]
    assert newest["Snippet"].startswith("Beste Sanne, Dank u wel.")
    assert {"ID", "Read", "Cc", "Bcc", "ReplyTo", "Created", "Size", "Attachments", "Tags"} <= newest.keys()


async def test_a_mail_can_be_read_whole_and_raw(mailbox: Mailbox) -> None:
    """Text, HTML and the very bytes that came over SMTP."""
    await mailbox.send(a_mail())
    mail_id = (await mailbox.browser.get("/api/v1/messages")).json()["messages"][0]["ID"]

    whole = (await mailbox.browser.get(f"/api/v1/message/{mail_id}")).json()
    raw = await mailbox.browser.get(f"/api/v1/message/{mail_id}/raw")
    after = (await mailbox.browser.get("/api/v1/messages")).json()

    assert "Dank u wel." in whole["Text"]
    assert "<p>Beste Sanne,</p>" in whole["HTML"]
    assert ([], []) == (whole["Inline"], whole["Attachments"])
    assert a_mail() == raw.content
    assert 0 == after["unread"]


async def test_start_and_limit_page_through_the_mails(mailbox: Mailbox) -> None:
    """A long list comes in pieces; a senseless number is refused."""
    await mailbox.send(*(a_mail(number) for number in range(1, 6)))

    page = (await mailbox.browser.get("/api/v1/messages?start=1&limit=2")).json()
    wrong = await mailbox.browser.get("/api/v1/messages?limit=-1")

    assert ["Één klacht 4", "Één klacht 3"] == [mail["Subject"] for mail in page["messages"]]
    assert (5, 2) == (page["total"], page["count"])
    assert 400 == wrong.status_code


async def test_mails_can_be_deleted_one_or_all(mailbox: Mailbox) -> None:
    """Named mails go; without a name all go, from the disk too."""
    await mailbox.send(a_mail(1), a_mail(2), a_mail(3))
    listed = (await mailbox.browser.get("/api/v1/messages")).json()["messages"]

    await mailbox.browser.request("DELETE", "/api/v1/messages", json={"IDs": [listed[0]["ID"]]})
    left = (await mailbox.browser.get("/api/v1/messages")).json()["total"]
    await mailbox.browser.delete("/api/v1/messages")

    assert 2 == left
    assert 0 == (await mailbox.browser.get("/api/v1/messages")).json()["total"]
    assert 404 == (await mailbox.browser.get(f"/api/v1/message/{listed[1]['ID']}")).status_code


async def test_a_restart_shows_the_same_mails(mailbox: Mailbox, tmp_path: Path) -> None:
    """Mails are files: a mailbox that starts again has them, and steps over a broken file."""
    await mailbox.send(a_mail(1), a_mail(2))
    (tmp_path / "mailbox" / "0000000000000001broken00.mail").write_bytes(b"\xff\xfe not ours")

    again = MailFolder(tmp_path / "mailbox")

    assert [mail.id for mail in mailbox.folder] == [mail.id for mail in again]
    assert a_mail(2) == again.content(next(iter(again)))


def test_only_the_newest_mails_are_kept(tmp_path: Path) -> None:
    """The mailbox never fills a disk: the oldest mails go."""
    folder = MailFolder(tmp_path, most_mails=3, most_bytes=5_000)

    for number in range(6):
        folder.add(b"x" * 10, "a@b.example", ["c@d.example"], NOW + timedelta(seconds=number))
    few = len(folder)
    folder.add(b"x" * 4_990, "a@b.example", ["c@d.example"], NOW + timedelta(seconds=9))

    assert (3, 2) == (few, len(folder))
    assert 2 == len(list(tmp_path.glob("*.mail")))


async def test_a_mails_html_runs_nothing_and_loads_nothing(mailbox: Mailbox) -> None:
    """A letter's HTML is shown in a box: no script, no picture from elsewhere."""
    await mailbox.send(a_mail(html="<script>alert(1)</script><img src=https://evil.example/x>"))
    mail_id = (await mailbox.browser.get("/api/v1/messages")).json()["messages"][0]["ID"]

    shown = await mailbox.browser.get(f"/view/{mail_id}.html")
    page = await mailbox.browser.get("/")

    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "<iframe" in page.text
    assert "sandbox" in page.text
    assert "5,000 mails, up to 200 MB" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert 200 == (await mailbox.browser.get("/page.js")).status_code


async def test_another_web_page_cannot_read_the_mailbox(mailbox: Mailbox) -> None:
    """A name that was made to point at this machine gets no answer."""
    answer = await mailbox.browser.get("/api/v1/messages", headers={"Host": "evil.example"})

    assert 400 == answer.status_code


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe\x00", b"Subject: =?utf-8?b?!!!?=\r\n\r\nx", b"Content-Type: multipart/mixed\r\n\r\nx",
        b"From: \x80 <<<>>,,,@\r\nTo: \r\n\r\n", b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xe9",
        b"Content-Transfer-Encoding: base64\r\n\r\n%%%", b"Date: nonsense\r\nMessage-ID: <[>\r\n\r\n",
    ],
)  # fmt: skip
async def test_no_mail_is_too_broken_to_be_shown(mailbox: Mailbox, content: bytes) -> None:
    """Whatever somebody sends, the list and the mail are shown."""
    mail = mailbox.folder.add(content, "a@b.example", ["c@d.example"], NOW)

    listed = await mailbox.browser.get("/api/v1/messages")
    shown = await mailbox.browser.get(f"/api/v1/message/{mail.id}")

    assert (200, 200) == (listed.status_code, shown.status_code)


async def test_the_mailbox_says_that_it_is_ready(mailbox: Mailbox) -> None:
    """The supervisor can ask it."""
    assert 200 == (await mailbox.browser.get("/livez")).status_code
    ready = await mailbox.browser.get("/readyz")
    assert (200, VERSION) == (ready.status_code, ready.json()["version"])
