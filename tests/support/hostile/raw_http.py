"""Sends one request over a socket of its own and reads whatever comes back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from hostile.requests import HostileRequest

GIVES_UP_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status 0 when the connection was closed without a word, -1 when nothing came at all."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_s: float


async def send(request: HostileRequest, port: int) -> Reply:
    """Send a request and read the answer to it."""
    began_s = monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    within_s = GIVES_UP_AFTER_S if request.waits_s is None else request.waits_s
    try:
        writer.write(request.wire)
        async with asyncio.timeout(within_s):
            status, headers, body = await _read(reader, request.method == b"HEAD" and request.raw is None)
    except TimeoutError:
        return Reply(-1, {}, b"", monotonic() - began_s)
    except (ConnectionError, asyncio.IncompleteReadError):
        return Reply(0, {}, b"", monotonic() - began_s)
    finally:
        writer.close()
    return Reply(status, headers, body, monotonic() - began_s)


async def _read(reader: asyncio.StreamReader, is_head: bool) -> tuple[int, dict[str, str], bytes]:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        status = int(first.split(" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if status >= 200:
            break
    if is_head or status in (204, 304):
        return status, headers, b""
    if "content-length" in headers:
        return status, headers, await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int((await reader.readline()).strip() or b"0", 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        return status, headers, b"".join(parts)
    return status, headers, await reader.read()
