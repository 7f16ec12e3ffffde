"""Starting: from `gehoor up` in a home that was used before to the first 201; and what an idle service holds.

RSS counts pages that processes share in each of them; PSS shares them out. The services are forks of one
process that has imported what they have in common.
"""

import asyncio
from collections.abc import Sequence

from bench.figures import Figure, Target, of_repeats
from bench.machine import memory_mb
from bench.run import Run
from bench.whole import WholeSystem

CELL = "start"
WARM_STARTS = 3
IDLE_S = 5.0
SERVICES = ("intake", "workflow", "deadlines", "notifier", "relay")


async def run(run: Run) -> Sequence[Figure]:
    """Start once to make the home, then a few times warm; look at the memory of the last."""
    whole = WholeSystem(run.servers.folder / "start")
    cold_s = await whole.start()
    await whole.stop()
    warm_s = []
    memory: dict[str, tuple[float, float]] = {}
    for turn in range(WARM_STARTS):
        warm_s.append(await whole.start())
        if turn == WARM_STARTS - 1:
            await whole.wait_until_ready()
            await asyncio.sleep(IDLE_S)
            found = whole.run_record()["processes"]
            memory = {name: memory_mb(found[name]["pid"]) for name in SERVICES if name in found}
        await whole.stop()
    most = max(memory, key=lambda name: memory[name][0])
    run.details[CELL] = {"memory_mb": memory}
    return [
        Figure(CELL, "first start, everything made, to the first 201", cold_s, "s"),
        of_repeats(CELL, "warm start to the first 201", warm_s, "s", Target(10, 5, at_least=False)),
        Figure(
            CELL, "largest idle service, RSS", memory[most][0], "MB", Target(90, 80, at_least=False),
            note=f"{most}; PSS {memory[most][1]:.0f} MB",
        ),
        Figure(CELL, "all five services together, PSS", sum(pss for _, pss in memory.values()), "MB"),
    ]  # fmt: skip
