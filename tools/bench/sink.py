"""A mail server that only takes: speaks SMTP, remembers when each case's letter was accepted, keeps nothing.

    python -m bench.sink PORT FILE

Writes `reference moment` lines (monotonic seconds) to FILE as letters are accepted, and its processor time
when it is stopped.
"""

import asyncio
import contextlib
import re
import signal
import sys
import time
from typing import TextIO

import uvloop

_REFERENCE = re.compile(rb"[A-Z]{3}-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]")


class SmtpSink(asyncio.Protocol):
    """One conversation."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._buffer = b""
        self._in_data = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._say(b"220 sink.example ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            part, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_data:
                self._take(part)
            else:
                self._command(part[:4].upper())

    def _command(self, verb: bytes) -> None:
        match verb:
            case b"EHLO":
                self._say(b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")
            case b"DATA":
                self._in_data = True
                self._say(b"354 go on")
            case b"QUIT":
                self._say(b"221 goodbye")
                if self._transport is not None:
                    self._transport.close()
            case _:
                self._say(b"250 fine")

    def _take(self, mail: bytes) -> None:
        self._in_data = False
        found = _REFERENCE.search(mail.replace(b"=\r\n", b"").replace(b"\r\n ", b" "))
        self._out.write(f"{found.group().decode() if found else '?'} {time.monotonic()}\n")
        self._say(b"250 accepted")

    def _say(self, text: bytes) -> None:
        if self._transport is not None:
            self._transport.write(text + b"\r\n")


async def main(port: int, path: str) -> None:
    """Take mail until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    with open(path, "w", buffering=1) as out:  # noqa: ASYNC230, PTH123 - line by line, to a local file
        server = await loop.create_server(lambda: SmtpSink(out), "127.0.0.1", port)
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()
        server.close()
        out.write(f"cpu {time.process_time()}\n")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
