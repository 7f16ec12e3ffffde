"""Bad input over the real socket: a clear refusal, no server error, bounded memory, and nothing stored."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from whole_system import WholeSystem

MEGABYTE = 1024 * 1024
ANSWERED_WITHIN_S = 25.0
MOST_GROWTH_KIB = 64 * 1024

PROBLEM = "application/problem+json"

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Reply:
    """What came back over the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def body(**changes: Any) -> bytes:
    """Give the canonical complaint; a test changes only the field that matters."""
    complaint = {
        "organisation": "destiny",
        "channel": "portal",
        "description": "De lijn valt weg.",
        "complainant": {"name": "Noor Jansen", "email": "noor.jansen@example.org"},
    }
    return json.dumps(complaint | changes).encode()


async def send(system: WholeSystem, content: bytes | AsyncIterator[bytes], *headers: bytes) -> Reply:
    """Send a request as raw bytes, as no well-meaning client would, and read the answer."""
    port = int(system.intake.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [b"POST /v1/complaints HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *headers]
    if not any(line.lower().startswith(b"content-type") for line in headers):
        lines.append(b"Content-Type: application/json")
    if isinstance(content, bytes):
        lines.append(b"Content-Length: %d" % len(content))
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
    sending = asyncio.create_task(_pour(writer, content))
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            raw = await reader.read()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    head, _, answer = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    named = dict(line.lower().split(": ", 1) for line in rest)
    return Reply(int(first.split()[1]), named, answer)


async def _pour(writer: asyncio.StreamWriter, content: bytes | AsyncIterator[bytes]) -> None:
    try:
        if isinstance(content, bytes):
            for start in range(0, len(content), MEGABYTE):
                writer.write(content[start : start + MEGABYTE])
                await writer.drain()
            return
        async for part in content:
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        return  # it has heard enough; the answer is what counts


async def drops() -> AsyncIterator[bytes]:
    """Give a body that never ends: a byte now and then."""
    yield b'{"organisation": "destiny", "description": "'
    while True:
        await asyncio.sleep(0.5)
        yield b"x"


def memory_kib(system: WholeSystem) -> int:
    """Give the most memory that intake has ever held."""
    status = Path(f"/proc/{system.record.processes['intake'].pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


NESTED = b"[" * 1_000_000 + b"]" * 1_000_000
FITTING_NESTED = b'{"description": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"

WRONG: dict[str, tuple[bytes, tuple[bytes, ...], int]] = {
    "50 MB": (b'{"description": "' + b"x" * (50 * MEGABYTE) + b'"}', (), 413),
    "a million brackets": (NESTED, (), 413),
    "two hundred thousand brackets": (FITTING_NESTED, (), 400),
    "a NUL byte": (body().replace(b"valt", b"va\0lt"), (), 400),
    "a NUL character": (body(description="a\0b"), (), 422),
    "half a character": (body().replace(b"valt", b"va\xc3("), (), 400),
    "a lone surrogate": (body(description="\ud800"), (), 422),
    "another encoding": (body().decode().encode("utf-16"), (), 400),
    "a recipient in a name": (body(complainant={"name": "Eva\r\nBcc: eva@example.org"}), (), 422),
    "a recipient in an address": (body(complainant={"email": "a@example.org\nBcc: b@example.org"}), (), 422),
    "two addresses": (body(complainant={"email": "a@example.org, b@example.org"}), (), 422),
    "an unknown organisation": (body(organisation="../../etc/passwd"), (), 422),
    "an unknown field": (body(__proto__={"admin": True}), (), 422),
    "an empty complaint": (b'{"organisation": "destiny", "channel": "portal"}', (), 422),
    "no JSON": (b"<complaint/>", (), 400),
    "another kind": (body(), (b"Content-Type: text/xml",), 415),
    "compressed": (body(), (b"Content-Encoding: gzip",), 415),
    "an empty key": (body(), (b"Idempotency-Key: ",), 400),
    "a key with a blank": (body(), (b"Idempotency-Key: a b",), 400),
    "a key of bytes": (body(), (b"Idempotency-Key: \xff\xfe",), 400),
    "an endless key": (body(), (b"Idempotency-Key: " + b"k" * 5_000,), 400),
    "two keys": (body(), (b"Idempotency-Key: a", b"Idempotency-Key: b"), 400),
    "somebody else's token": (body(), (b"Authorization: Bearer e30.e30.e30",), 401),
    "two lengths": (body(), (b"Transfer-Encoding: chunked",), 400),
}
"""What is sent, with which headers, and the status that answers it."""


@pytest.fixture(scope="module")
async def replies(running: WholeSystem) -> tuple[dict[str, Reply], int, int]:
    """Send all of it, a body that never ends at the same time; gives replies, events stored, KiB grown."""
    await running.until_at_rest()
    stored, memory = await running.events_stored(), memory_kib(running)
    slow = asyncio.create_task(send(running, drops(), b"Content-Length: 5000"))
    found = {name: await send(running, content, *headers) for name, (content, headers, _) in WRONG.items()}
    found["too slow"] = await slow
    return found, await running.events_stored() - stored, memory_kib(running) - memory


@pytest.mark.parametrize("name", [*WRONG, "too slow"])
async def test_what_is_wrong_is_refused_in_words(
    replies: tuple[dict[str, Reply], int, int], name: str
) -> None:
    """Every kind of bad input gets a problem document with a title, and never a server error."""
    reply = replies[0][name]
    expected = WRONG[name][2] if name in WRONG else 408

    assert (expected, PROBLEM) == (reply.status, reply.headers.get("content-type"))
    problem = json.loads(reply.body)
    assert problem["title"]
    assert problem["type"].startswith("urn:gehoor:problem:")
    assert b"example.org" not in reply.body.replace(b"name@example.org", b"")


async def test_nothing_of_it_is_stored(replies: tuple[dict[str, Reply], int, int]) -> None:
    """After all of it the record holds not one event more."""
    assert 0 == replies[1]


async def test_memory_stays_bounded(replies: tuple[dict[str, Reply], int, int]) -> None:
    """A body of fifty megabytes is not kept anywhere."""
    assert replies[2] < MOST_GROWTH_KIB


async def test_odd_but_harmless_input_is_taken(
    running: WholeSystem, replies: tuple[dict[str, Reply], int, int]
) -> None:
    """After all that intake still works, and what only looks dangerous is just a complaint."""
    odd = body(
        description="'; DROP TABLE gehoor.event; -- {{ 7*7 }} <script>alert(1)</script> %s ${jndi:x}",
        complainant={"name": "Robert'); --", "email": "robert@example.org"},
    )

    reply = await send(running, odd, b"Idempotency-Key: ';DROP_TABLE--{}%s$1")

    assert replies[0]
    assert 201 == reply.status
    await running.until_told(json.loads(reply.body)["reference"], "LetterSent")
    (mail,) = await running.mails_of(json.loads(reply.body)["reference"])
    assert "<script>" not in mail["HTML"]
    assert "49" not in mail["Text"].replace(json.loads(reply.body)["reference"], "")
