"""What comes over the wire before it is a request: answered like all else, and not waited for without end."""

import asyncio
import json

import pytest
from fastapi import FastAPI

from application_server import serving
from web import protocol


async def talk(port: int, *parts: bytes) -> tuple[int, str, dict[str, object]]:
    """Send bytes and read until the connection is closed; gives status, media type and document."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(20):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    first, *lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]), headers["content-type"], json.loads(body)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_with_a_problem_document(free_port: int, sent: bytes) -> None:
    """Even who speaks no HTTP is told so in the form that every other refusal has."""
    async with serving(FastAPI(), free_port):
        status, kind, problem = await talk(free_port, sent)

    assert (400, "application/problem+json") == (status, kind)
    assert "urn:gehoor:problem:malformed" == problem["type"]
    assert problem["detail"]


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
async def test_a_request_that_never_comes_to_its_end_is_let_go(
    free_port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens a connection and sends a byte now and then cannot keep it."""
    monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 0.2)

    async with serving(FastAPI(), free_port):
        status, _, problem = await talk(free_port, begun)

    assert (408, "urn:gehoor:problem:too-slow") == (status, problem["type"])


async def test_a_second_request_on_a_connection_has_the_same_time(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds for each request, and not for the connection."""
    monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 0.5)
    whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    async with serving(FastAPI(), free_port):
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
        writer.write(whole)
        first = await reader.readuntil(b"}")
        writer.write(whole[:9])
        async with asyncio.timeout(20):
            second = await reader.read()
        writer.close()

    assert b" 404 " in first
    assert b" 408 " in second
