"""What only shows on a real connection: huge, endless or slow bodies, and clients that go away."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from time import perf_counter

import pytest
from fastapi import FastAPI

from application_server import serving
from events.platform import Platform
from intake.app import application
from intake_desk import BODY, Desk
from web.answers import install
from web.bodies import BodyGuard

MEGABYTE = 1024 * 1024
JSON = "Content-Type: application/json\r\n"


@pytest.fixture
async def port(intake_platform: Platform, free_port: int) -> AsyncIterator[int]:
    """The port of intake behind the server it runs on in earnest."""
    async with serving(application(intake_platform), free_port):
        yield free_port


async def talk(port: int, head: str, *chunks: bytes) -> tuple[int, dict[str, object]]:
    """Send a request, however odd, and read the answer; being cut off while sending is no matter."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"POST /v1/complaints HTTP/1.1\r\nHost: intake\r\n{head}\r\n".encode())
        try:
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        async with asyncio.timeout(20):
            top = await reader.readuntil(b"\r\n\r\n")
            length = int(top.lower().partition(b"content-length:")[2].split()[0])
            body = await reader.readexactly(length)
    finally:
        writer.close()
    assert b"application/problem+json" in top.lower()
    return int(top.split()[1]), json.loads(body)


def peak_kib() -> int:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.postgres
async def test_a_body_of_50_megabytes_is_refused_at_once_and_without_memory(port: int) -> None:
    """The announced length is enough to say no; what is sent all the same is thrown away."""
    chunk, before, began_s = b"x" * MEGABYTE, peak_kib(), perf_counter()

    status, problem = await talk(port, f"{JSON}Content-Length: {50 * MEGABYTE}\r\n", *[chunk] * 50)

    assert (413, "urn:gehoor:problem:too-large") == (status, problem["type"])
    assert perf_counter() - began_s < 5
    assert peak_kib() - before < 20 * 1024


@pytest.mark.postgres
async def test_a_chunked_body_of_50_megabytes_is_cut_at_the_limit(port: int) -> None:
    """Who does not announce a length is counted while sending."""
    chunk, before = b"%x\r\n" % MEGABYTE + b"x" * MEGABYTE + b"\r\n", peak_kib()

    status, problem = await talk(port, f"{JSON}Transfer-Encoding: chunked\r\n", *[chunk] * 50, b"0\r\n\r\n")

    assert (413, "urn:gehoor:problem:too-large") == (status, problem["type"])
    assert peak_kib() - before < 20 * 1024


@pytest.mark.postgres
async def test_a_client_that_waits_for_leave_to_send_is_refused_before_it_sends(port: int) -> None:
    """curl asks first for a large body; it hears no before it sent a byte of it."""
    head = f"{JSON}Content-Length: {50 * MEGABYTE}\r\nExpect: 100-continue\r\n"

    status, _ = await talk(port, head)

    assert 413 == status


@pytest.mark.postgres
async def test_a_wrong_type_is_refused_although_the_body_is_still_coming(port: int) -> None:
    """The answer arrives whole, not as a broken connection."""
    status, problem = await talk(
        port, "Content-Type: text/csv\r\nContent-Length: 400000\r\n", b"x" * 200_000, b"x" * 200_000
    )

    assert (415, "urn:gehoor:problem:content-type") == (status, problem["type"])


async def test_a_body_that_comes_too_slowly_is_refused(free_port: int) -> None:
    """Who sends a byte now and then cannot hold a connection for long."""
    app = FastAPI()
    app.add_middleware(BodyGuard, within_s=0.2)
    install(app)

    async with serving(app, free_port):
        status, problem = await talk(free_port, f"{JSON}Content-Length: 100\r\n", b'{"a', b": ")

    assert (408, "urn:gehoor:problem:too-slow") == (status, problem["type"])


@pytest.mark.postgres
async def test_a_length_told_in_two_ways_is_refused(port: int) -> None:
    """Two servers in a row could otherwise disagree where a request ends."""
    body = json.dumps(BODY).encode()
    head = f"{JSON}Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n"

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /v1/complaints HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
    writer.write(b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()

    assert 400 == int(line.split()[1])


@pytest.mark.postgres
async def test_whoever_goes_away_while_sending_leaves_nothing(port: int, desk: Desk) -> None:
    """Half a complaint is no complaint, and the server goes on."""
    stored = await desk.stored()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /v1/complaints HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 500\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    status, _ = await talk(port, f"{JSON}Content-Length: 2\r\nConnection: close\r\n", b"{}")

    assert 422 == status
    assert stored == await desk.stored()
