"""An SMTP server that does what a test tells it to: accept, refuse, hang, hang up, at any stage.

It writes down every mail whose final dot it saw, with the raw bytes, so that a test can count copies.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Self

HANG_UP, HANG = "hang up", "hang"


@dataclass(slots=True)
class Script:
    """What to answer per stage, in order of mails; the last answer repeats. `HANG_UP` and `HANG` are acts."""

    greeting: list[str] = field(default_factory=lambda: ["220 test"])
    ehlo: list[str] = field(default_factory=lambda: ["250-test\r\n250 8BITMIME"])
    mail: list[str] = field(default_factory=lambda: ["250 ok"])
    rcpt: list[str] = field(default_factory=lambda: ["250 ok"])
    data: list[str] = field(default_factory=lambda: ["354 go on"])
    dot: list[str] = field(default_factory=lambda: ["250 ok"])

    def answer(self, stage: str) -> str:
        answers: list[str] = getattr(self, stage)
        return answers.pop(0) if len(answers) > 1 else answers[0]


class ScriptedServer:
    """Follows a script; `mails` are the raw bytes seen up to each final dot, `commands` the lines before."""

    def __init__(self, script: Script | None = None, certificate: ssl.SSLContext | None = None) -> None:
        self.script = script or Script()
        self.mails: list[bytes] = []
        self.commands: list[bytes] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        self._certificate = certificate
        self._server: asyncio.Server | None = None
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return self._port

    def url(self, options: str = "starttls=never&helo=test.example&command_wait_s=5&final_wait_s=5") -> str:
        return f"smtp://127.0.0.1:{self._port}?{options}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every conversation."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for(self, mails: int, within_s: float = 10.0) -> None:
        """Wait until that many final dots were seen."""
        async with asyncio.timeout(within_s):
            while len(self.mails) < mails:
                self.arrived.clear()
                await self.arrived.wait()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if not await self._say(writer, self.script.answer("greeting")):
                return
            while line := await reader.readline():
                self.commands.append(line)
                if not await self._obey(line, reader, writer):
                    return
        except ConnectionError:
            return
        finally:
            writer.close()

    async def _obey(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        match line.split(b" ")[0].strip().upper():
            case b"EHLO" | b"HELO":
                return await self._say(writer, self.script.answer("ehlo"))
            case b"STARTTLS":
                await self._say(writer, "220 go on")
                assert self._certificate is not None
                await writer.start_tls(self._certificate)
                return True
            case b"MAIL":
                return await self._say(writer, self.script.answer("mail"))
            case b"RCPT":
                return await self._say(writer, self.script.answer("rcpt"))
            case b"DATA":
                answer = self.script.answer("data")
                if not await self._say(writer, answer):
                    return False
                if not answer.startswith("354"):
                    return True
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                self.arrived.set()
                return await self._say(writer, self.script.answer("dot"))
            case b"QUIT":
                await self._say(writer, "221 bye")
                return False
            case _:
                return await self._say(writer, "250 ok")

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
        if answer == HANG_UP:
            return False
        if answer == HANG:
            await asyncio.Event().wait()
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True
