"""A mail server with faults: it accepts, refuses, grey-lists, hangs, drops or drips, by its mode.

It writes down every mail whose final dot it saw and every answer of 5xx that it gave. Addresses that begin
with `refused-` are refused for good, always: nothing heals that.
"""

import asyncio
import hashlib
import random
import re
from typing import Literal, assert_never

from chaos.record import ReceivedMail, RunHistory, SmtpReply

MailMode = Literal["normal", "refusing", "grey", "hanging", "dropping", "dripping", "closing"]
MAIL_MODES: tuple[MailMode, ...] = ("refusing", "grey", "hanging", "dropping", "dripping", "closing")
HANGS_FOR_S = 30.0
_MESSAGE_ID = re.compile(rb"(?im)^Message-ID:\s*(\S+)")


class MailServer:
    """Listens on one port for the whole run; `mode` may change at any moment."""

    def __init__(self, history: RunHistory, seed: int) -> None:
        self.mode: MailMode = "normal"
        self.arrived = asyncio.Event()
        self._history = history
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._seen: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        options = "starttls=never&helo=chaos.example&command_wait_s=2&final_wait_s=3"
        return f"smtp://127.0.0.1:{self.port}?{options}"

    async def start(self) -> None:
        """Listen, on the port of before if there was one."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=256)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every conversation."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            return  # the client went away, or the run is over
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "closing":
            await self._send(writer, "421 4.3.2 going down")
            return
        await self._send(writer, "220 chaos.example")
        to = ""
        while line := await reader.readline():
            match line.split(b" ")[0].strip().upper():
                case b"EHLO" | b"HELO":
                    await self._send(writer, "250 8BITMIME")
                case b"MAIL":
                    if self.mode == "refusing":
                        await self._send(writer, "451 4.3.0 not now")
                    else:
                        await self._send(writer, "250 ok")
                case b"RCPT":
                    to = line.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace")
                    await self._answer_recipient(writer, to)
                case b"DATA":
                    await self._send(writer, "354 go on")
                    if not await self._take_mail(reader, writer, to):
                        return
                case b"QUIT":
                    await self._send(writer, "221 bye")
                    return
                case _:
                    await self._send(writer, "250 ok")

    async def _answer_recipient(self, writer: asyncio.StreamWriter, to: str) -> None:
        if to.startswith("refused-"):
            self._history.write(SmtpReply(to=to, code=550, is_final=False))
            await self._send(writer, "550 5.1.1 no such user")
        elif self.mode == "grey" and to not in self._seen:
            self._seen.add(to)
            await self._send(writer, "450 4.2.0 come again")
        else:
            await self._send(writer, "250 ok")

    async def _take_mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str) -> bool:
        message = await reader.readuntil(b"\r\n.\r\n")
        mode, accepted = self.mode, True
        if mode in ("hanging", "dropping"):
            accepted = self._chance.random() < 0.5
        found = _MESSAGE_ID.search(message)
        self._history.write(
            ReceivedMail(
                to=to,
                message_id=found.group(1).decode() if found else "",
                digest=hashlib.sha256(message).hexdigest()[:16],
                accepted=accepted,
            )
        )
        self.arrived.set()
        match mode:
            case "hanging":
                await asyncio.sleep(HANGS_FOR_S)
                return False
            case "dropping":
                return False
            case "dripping":
                for byte in b"250 ok\r\n":
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.2)
                return True
            case "normal" | "refusing" | "grey" | "closing":
                await self._send(writer, "250 ok")
                return True
            case _:
                assert_never(mode)

    async def _send(self, writer: asyncio.StreamWriter, answer: str) -> None:
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
