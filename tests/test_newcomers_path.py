"""The README's way of one complaint, a file per step, followed through the running code.

One complaint goes through every service in this one process, on a real Postgres, a real NATS and a mail
server. `sys.setprofile` notes which files are entered, in the order of their first entry.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import httpx2
import nats
import pytest

from deadlines.consumer import DeadlinesConsumer
from events.bus.grants import server_config
from events.bus.relay import RelayLoop
from events.consumer.loop import ConsumerLoop
from events.identity import PARTITIONS
from events.testing import TestSystem
from intake.app import application
from intake_desk import BODY
from notifier.consumer import LetterConsumer
from notifier.sending.loop import SendingLoop
from notifier.smtp.pool import SmtpPool
from notifier.smtp.server_url import read_smtp_url
from scripted_smtp import ScriptedServer
from servers import NatsFactory
from workflow.consumer import WorkflowConsumer

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

ROOT = Path(__file__).resolve().parents[1]
STEP = re.compile(r"^\d+\. \[`([^`]+\.py)`\]\(\1\)", re.MULTILINE)
EVERY = frozenset(range(PARTITIONS))


@dataclass
class WholeWay:
    """Everything that one complaint passes, in the order in which it does."""

    client: httpx2.AsyncClient
    relay: RelayLoop
    consumers: Sequence[ConsumerLoop]
    sending: SendingLoop
    mail_server: ScriptedServer

    async def take(self) -> int:
        """File the canonical complaint and let it go its way; return the status that its sender got."""
        filed = await self.client.post("/v1/complaints", json=dict(BODY))
        await self.relay.run_once()
        for consumer in self.consumers:
            await consumer.sweep()
        while not self.mail_server.mails:
            await self.sending.run_once()
        return filed.status_code


@pytest.fixture
async def way(system: TestSystem, nats_server: NatsFactory) -> AsyncIterator[WholeWay]:
    """All services on one store, each with its own role, without any loop in the background."""
    bus = await nats_server(
        lambda made: server_config(
            system.settings.secrets, port=made.port, store_dir=made.store, monitor_port=made.monitor_port
        )
    )
    settings = system.settings.model_copy(update={"nats_url": bus.url})
    published_by = await nats.connect(settings.nats_for("relay"), inbox_prefix=b"_INBOX_relay")
    relay = RelayLoop(replace(await system.platform("relay"), settings=settings), lambda: published_by)
    intake, workflow, notifier = [
        await system.platform(name, keys=True, size=8) for name in ("intake", "workflow", "notifier")
    ]
    deadlines = await system.platform("deadlines")
    consumers = [
        ConsumerLoop(workflow, WorkflowConsumer()),
        ConsumerLoop(deadlines, DeadlinesConsumer(asyncio.Event())),
        ConsumerLoop(notifier, LetterConsumer()),
    ]
    for consumer in consumers:
        await consumer.own(EVERY)
    notifier.ownership.owned = EVERY
    transport = httpx2.ASGITransport(app=application(intake))
    async with (
        ScriptedServer() as mail_server,
        httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as client,
    ):
        server = read_smtp_url(mail_server.url())
        sending = SendingLoop(notifier, SmtpPool(server, 2), server.final_wait_s)
        await relay.run_once()  # takes the lead and makes the stream: that is no part of a complaint's way
        yield WholeWay(client, relay, consumers, sending, mail_server)
        await sending.close(0.1)
    await relay.close()
    await published_by.close()


@contextmanager
def entered() -> Iterator[list[str]]:
    """Note the files of libs and services that are entered, each once, in the order of its first entry."""
    files: list[str] = []
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name not in seen:
            seen.add(name)
            if name.startswith((f"{ROOT}/libs/", f"{ROOT}/services/")):
                files.append(name.removeprefix(f"{ROOT}/"))

    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(None)


def steps() -> list[str]:
    """Return the files of the README's list, in its order."""
    return STEP.findall((ROOT / "README.md").read_text("utf-8"))


def test_each_step_is_a_file_of_its_own() -> None:
    """A newcomer reads each file of the way once, and every link leads somewhere."""
    files = steps()

    assert len(files) >= 10
    assert files == list(dict.fromkeys(files))
    assert [] == [file for file in files if not (ROOT / file).is_file()]


async def test_a_complaint_enters_the_files_in_the_order_that_the_readme_gives(way: WholeWay) -> None:
    """Whoever follows the README's list walks the way that a complaint really goes."""
    listed = steps()

    with entered() as files:
        answered = await way.take()

    assert 201 == answered
    assert listed == [file for file in files if file in listed]
