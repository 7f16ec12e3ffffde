"""Faults in the data: an unreadable event, and an erasure that breaks off."""

import random

from chaos.erasure import erase_person
from chaos.record import PersonErased
from chaos.testbed import Testbed


async def put_poison(testbed: Testbed, chance: random.Random) -> str:
    """An event that no service of this version can read stands in a case; only that case may wait."""
    return await testbed.plant_poison(chance)


async def erase_somebody(testbed: Testbed, chance: random.Random) -> str:
    """A complainant is erased, and the erasure breaks off in the middle and is repeated."""
    if not testbed.filed:
        return ""
    reference = testbed.filed.pop(chance.randrange(len(testbed.filed)))
    step = chance.choice(("erasure.requested", "erasure.destroyed", ""))
    testbed.history.write(PersonErased(reference=reference))
    await erase_person(testbed.system, reference, step)
    return step or "whole"
