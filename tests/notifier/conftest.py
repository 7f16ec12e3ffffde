"""A post office for the tests of the notifier that need real servers."""

from collections.abc import AsyncIterator

import pytest

from events.consumer.loop import ConsumerLoop
from events.testing import TestSystem
from notifier.consumer import LetterConsumer
from post_office import ALL_PARTITIONS, Desks, PostOffice
from scripted_smtp import ScriptedServer


@pytest.fixture(scope="module")
async def desks(system: TestSystem) -> Desks:
    """Log in once for all tests of this file."""
    intake = await system.platform("intake", keys=True)
    notifier = await system.platform("notifier", keys=True, size=8)
    keeper = await system.platform("keeper", keys=True)
    return Desks(intake, notifier, keeper, await system.platform("workflow", keys=True))


@pytest.fixture
async def office(system: TestSystem, desks: Desks) -> AsyncIterator[PostOffice]:
    """A post office with a mail server that accepts everything until told otherwise."""
    await desks.notifier.pool.execute("DELETE FROM letter")
    consumer = ConsumerLoop(desks.notifier, LetterConsumer())
    await consumer.own(ALL_PARTITIONS)
    async with ScriptedServer() as server:
        made = PostOffice(system, desks, server, consumer)
        yield made
        for sender in made.senders:
            await sender.close(0.1)
