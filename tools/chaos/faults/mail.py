"""Faults of the mail server."""

import asyncio
import random

from chaos.mail_server import MAIL_MODES
from chaos.testbed import Testbed


async def upset_mail(testbed: Testbed, chance: random.Random) -> str:
    """The mail server refuses, grey-lists, hangs after the final dot, drops, drips or answers 421."""
    testbed.mail.mode = chance.choice(MAIL_MODES)
    await asyncio.sleep(chance.uniform(2.0, 6.0))
    mode, testbed.mail.mode = testbed.mail.mode, "normal"
    return mode


async def drop_mail(testbed: Testbed, chance: random.Random) -> str:
    """The mail server hangs up after the final dot, whether or not it has taken the mail."""
    testbed.mail.mode = "dropping"
    await asyncio.sleep(2.0)
    testbed.mail.mode = "normal"
    return "dropping"


async def grey_mail(testbed: Testbed, chance: random.Random) -> str:
    """The mail server wants everybody to come again."""
    testbed.mail.mode = "grey"
    await asyncio.sleep(3.0)
    testbed.mail.mode = "normal"
    return "grey"


async def close_mail(testbed: Testbed, chance: random.Random) -> str:
    """Nobody listens on the mail server's port."""
    await testbed.mail.stop()
    await asyncio.sleep(chance.uniform(1.0, 4.0))
    await testbed.mail.start()
    return "closed"
