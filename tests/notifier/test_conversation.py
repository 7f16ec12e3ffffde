"""What is known about a mail after each way a conversation with a mail server can go."""

import asyncio
import ipaddress
import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain, SmtpResult
from notifier.smtp.message import Mail, to_bytes
from notifier.smtp.pool import SmtpPool
from notifier.smtp.server_url import read_smtp_url
from scripted_smtp import HANG, HANG_UP, Script, ScriptedServer

TO = "sanne.dewit@klant.example"
MESSAGE = to_bytes(
    Mail(
        letter_id=UUID(int=1), message_id="<abc@destiny.example>", sender_name="Destiny",
        sender="klachten@destiny.example", to=TO, subject="Klacht",
        text=".\n..\n.x\nFrom hier\n" + "é" * 2000,
        html="<p>.</p>", language="nl", sent_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    )
)  # fmt: skip
PATIENT = "starttls=never&helo=test.example&command_wait_s=10&final_wait_s=10"
HASTY = "starttls=never&helo=test.example&command_wait_s=0.2&final_wait_s=0.2"


async def hand_over(script: Script, options: str = PATIENT) -> tuple[SmtpResult, ScriptedServer]:
    """Hand over the canonical mail to a server with this script."""
    async with ScriptedServer(script) as server:
        connections = SmtpPool(read_smtp_url(server.url(options)))
        async with asyncio.timeout(10):
            result = await connections.deliver(TO, MESSAGE)
        await connections.close()
        return result, server


async def test_an_accepted_mail_arrives_as_it_was_written() -> None:
    """The server has exactly our bytes, from an empty sender, with no line that could end it early."""
    result, server = await hand_over(Script())

    assert MailAccepted() == result
    assert [re.sub(rb"(?m)^\.", b"..", MESSAGE) + b".\r\n"] == server.mails
    assert b"MAIL FROM:<>\r\n" in server.commands
    assert b"RCPT TO:<" + TO.encode() + b">\r\n" in server.commands


@pytest.mark.parametrize(
    ("part", "stage"), [("mail", "mail from"), ("rcpt", "recipient"), ("data", "data"), ("dot", "data")]
)
@pytest.mark.parametrize("code", [421, 450, 451, 452])
async def test_not_now_is_no_refusal(part: str, stage: str, code: int) -> None:
    """A 4xx at any stage means: later. Nothing has left."""
    result, _ = await hand_over(Script(**{part: [f"{code} try later"]}))

    assert MailDeferred(code, stage) == result  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "stage"), [("mail", "mail from"), ("rcpt", "recipient"), ("data", "data"), ("dot", "data")]
)
@pytest.mark.parametrize("code", [550, 552, 554])
async def test_no_is_a_refusal_with_code_and_stage(part: str, stage: str, code: int) -> None:
    """A 5xx at any stage is final, and only the code and the stage are kept, not the server's words."""
    result, _ = await hand_over(Script(**{part: [f"{code} no such user {TO}"]}))

    assert MailRefused(code, stage) == result  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [530, 535])
async def test_a_wrong_setting_of_ours_refuses_no_letter(code: int) -> None:
    """If the server wants another login, that is no refusal of this recipient: the letter waits."""
    result, _ = await hand_over(Script(mail=[f"{code} authentication required"]))

    assert MailDeferred(code, "mail from") == result


@pytest.mark.parametrize(("part", "stage"), [("mail", "mail from"), ("rcpt", "recipient"), ("data", "data")])
@pytest.mark.parametrize("act", [HANG_UP, HANG])
async def test_lost_before_the_mail_means_that_nothing_left(part: str, stage: str, act: str) -> None:
    """A connection that breaks or falls silent before the mail itself is sent leaves no doubt."""
    result, _ = await hand_over(Script(**{part: [act]}), HASTY)

    assert MailDeferred(0, stage) == result  # type: ignore[arg-type]


@pytest.mark.parametrize("act", [HANG_UP, HANG, "no answer anybody understands"])
async def test_lost_after_the_final_dot_is_uncertain(act: str) -> None:
    """When the answer to the whole mail never comes, nobody knows whether it left, and we say so."""
    result, server = await hand_over(Script(dot=[act]), HASTY)

    assert MailUncertain() == result
    assert len(server.mails) == 1


@pytest.mark.parametrize("greeting", ["554 no service here", "421 too busy", HANG_UP, HANG])
async def test_a_server_that_does_not_greet_is_away(greeting: str) -> None:
    """Trouble with the connection says nothing about the letter: it waits."""
    result, _ = await hand_over(Script(greeting=[greeting]), HASTY)

    assert isinstance(result, MailDeferred)
    assert result.stage == "connect"


async def test_a_refusal_leaves_the_connection_usable_for_the_next_letter() -> None:
    """One refused recipient does not cost a new connection."""
    async with ScriptedServer(Script(rcpt=["550 no", "250 ok"])) as server:
        connections = SmtpPool(read_smtp_url(server.url()))

        results = [await connections.deliver(TO, MESSAGE) for _ in range(3)]
        await connections.close()

        assert [MailRefused(550, "recipient"), MailAccepted(), MailAccepted()] == results
        assert server.connections == 1


async def test_a_connection_that_the_server_closed_meanwhile_costs_no_attempt() -> None:
    """An idle connection that is gone is replaced without any doubt about the letter."""
    async with ScriptedServer(Script(mail=["250 ok", "421 idle too long", "250 ok"])) as server:
        connections = SmtpPool(read_smtp_url(server.url()))

        results = [await connections.deliver(TO, MESSAGE) for _ in range(2)]
        await connections.close()

        assert [MailAccepted(), MailAccepted()] == results
        assert server.connections == 2


async def test_many_letters_share_few_connections() -> None:
    """However many letters wait, the server sees a bounded number of connections."""
    async with ScriptedServer() as server:
        connections = SmtpPool(read_smtp_url(server.url()), limit=3)

        results = await asyncio.gather(*(connections.deliver(TO, MESSAGE) for _ in range(60)))
        await connections.close()

        assert [MailAccepted()] * 60 == results
        assert server.connections <= 3


async def test_a_server_that_wants_fewer_connections_gets_fewer() -> None:
    """If the third connection is refused while two work, the server is not away: the two go on."""
    async with ScriptedServer(
        Script(greeting=["220 test", "220 test", "421 too many", "220 test"])
    ) as server:
        connections = SmtpPool(read_smtp_url(server.url()), limit=3)

        results = await asyncio.gather(*(connections.deliver(TO, MESSAGE) for _ in range(30)))
        away = connections.is_away
        await connections.close()

        assert not away
        assert 29 == results.count(MailAccepted())
        assert 1 == results.count(MailDeferred(421, "connect"))
        assert 3 == server.connections


async def test_a_server_that_went_away_gets_all_connections_again() -> None:
    """Many connections that fail together mean an outage, not a crowd: afterwards all are used again."""
    server = ScriptedServer()
    await server.start()
    await server.stop()
    connections = SmtpPool(read_smtp_url(server.url()), limit=3)

    failed = await asyncio.gather(*(connections.deliver(TO, MESSAGE) for _ in range(3)))
    await server.start()
    await connections.probe()
    await asyncio.gather(*(connections.deliver(TO, MESSAGE) for _ in range(30)))
    await connections.close()
    await server.stop()

    assert [MailDeferred(0, "connect")] * 3 == failed
    assert 3 == server.connections


async def test_one_silent_conversation_does_not_hold_up_the_others() -> None:
    """A server that hangs on one letter keeps only that letter waiting."""
    async with ScriptedServer(Script(dot=[HANG, "250 ok"])) as server:
        connections = SmtpPool(read_smtp_url(server.url()), limit=2)
        stuck = asyncio.create_task(connections.deliver(TO, MESSAGE))
        await server.wait_for(1)

        async with asyncio.timeout(5):
            results = [await connections.deliver(TO, MESSAGE) for _ in range(5)]

        assert [MailAccepted()] * 5 == results
        assert not stuck.done()
        stuck.cancel()


async def test_while_the_server_is_away_nobody_waits_and_a_probe_finds_it_again() -> None:
    """After a failed connection letters are put off at once; when the server is back, they go."""
    server = ScriptedServer()
    await server.start()
    await server.stop()
    connections = SmtpPool(read_smtp_url(server.url()))

    first = await connections.deliver(TO, MESSAGE)
    away = connections.is_away
    await server.start()
    put_off = await connections.deliver(TO, MESSAGE)
    found = await connections.probe()
    last = await connections.deliver(TO, MESSAGE)
    await connections.close()
    await server.stop()

    assert (MailDeferred(0, "connect"), True, MailDeferred(0, "connect")) == (first, away, put_off)
    assert (True, MailAccepted()) == (found, last)


async def test_a_server_without_encryption_is_refused_where_encryption_is_demanded() -> None:
    """With `always`, a stripped STARTTLS stops the letter; with `opportunistic` it goes unencrypted."""
    strict, server = await hand_over(Script(), "starttls=always&helo=test.example&command_wait_s=5")
    loose, _ = await hand_over(Script(), "starttls=opportunistic&helo=test.example&command_wait_s=5")

    assert isinstance(strict, MailDeferred)
    assert strict.stage == "connect"
    assert server.mails == []
    assert MailAccepted() == loose


async def test_an_unknown_certificate_is_refused_where_encryption_is_demanded(tmp_path: Path) -> None:
    """With `always`, a certificate nobody vouches for stops the letter, unless its authority is named."""
    certificate, context = certificate_for_loopback(tmp_path)
    offers = "250-test\r\n250 STARTTLS"

    results = []
    for options in ("starttls=always", f"starttls=always&authority={certificate}", "starttls=opportunistic"):
        async with ScriptedServer(Script(ehlo=[offers]), context) as server:
            connections = SmtpPool(read_smtp_url(server.url(f"{options}&helo=test.example&command_wait_s=5")))
            results.append(await connections.deliver(TO, MESSAGE))
            await connections.close()

    assert isinstance(results[0], MailDeferred)
    assert [MailAccepted(), MailAccepted()] == results[1:]


def certificate_for_loopback(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a self-signed certificate for 127.0.0.1, and a server context with it."""
    import ssl

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path = folder / "key.pem"
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context
