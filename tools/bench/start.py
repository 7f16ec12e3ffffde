"""Starting: from `gehoor up` in a home that was used before to the first 201; what an idle service holds; and
the processor time of a short command, which is almost all imports.

RSS counts pages that processes share in each of them; PSS shares them out. The services are forks of one
process that has imported what they have in common. A command is measured from its start to its end, in an
environment that keeps bytecode, beside an interpreter that does nothing.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from bench.figures import Figure, Target, of_repeats
from bench.machine import memory_mb
from bench.run import Run
from bench.whole import COMPLAINT, WholeSystem
from gehoor.client import send

CELL = "start"
WARM_STARTS = 3
IDLE_S = 5.0
COMMANDS_REPEATED = 7
COMMAND_S = Target(0.5, 0.4, at_least=False)
SERVICES = ("intake", "workflow", "deadlines", "notifier", "relay")


async def run(run: Run) -> Sequence[Figure]:
    """Start once to make the home, then a few times warm; look at the memory of the last."""
    whole = WholeSystem(run.servers.folder / "start")
    cold_s = await whole.start()
    await whole.stop()
    warm_s = []
    memory: dict[str, tuple[float, float]] = {}
    commands: list[Figure] = []
    for turn in range(WARM_STARTS):
        warm_s.append(await whole.start())
        if turn == WARM_STARTS - 1:
            await whole.wait_until_ready()
            await asyncio.sleep(IDLE_S)
            found = whole.run_record()["processes"]
            memory = {name: memory_mb(found[name]["pid"]) for name in SERVICES if name in found}
            commands = await asyncio.to_thread(_commands, whole)
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
        *commands,
    ]  # fmt: skip


def _commands(whole: WholeSystem) -> list[Figure]:
    """Measure short commands against a running system, in turns, beside an empty interpreter."""
    _, answer = send(f"http://127.0.0.1:{whole.port}", COMPLAINT)
    access = ("--role", "handler", "--organisation", "destiny", "--actor", "staff:a", "--valid-for", "1d")
    lines = {
        "python -c pass": ("-c", "pass"),
        "gehoor --help": ("-m", "gehoor", "--help"),
        "gehoor due": ("-m", "gehoor", "due", "--procedure", "destiny", "--received", "2026-04-02"),
        "gehoor token": ("-m", "gehoor", "token", *access),
        "gehoor history of one case": ("-m", "gehoor", "history", str(answer["reference"])),
    }
    for line in lines.values():
        _cpu_s(line, whole)  # writes the bytecode
    taken_s: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(COMMANDS_REPEATED):
        for name, line in lines.items():
            taken_s[name].append(_cpu_s(line, whole))
    return [
        of_repeats(CELL, f"{name}, processor time", all_s, "s", COMMAND_S if "gehoor" in name else None)
        for name, all_s in taken_s.items()
    ]


def _cpu_s(line: Sequence[str], whole: WholeSystem) -> float:
    """Run Python with these arguments and give the processor time of the process, in seconds."""
    environment = {
        **os.environ,
        "GEHOOR_HOME": str(whole.home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(whole.home / "bytecode"),
    }
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    pid = os.posix_spawn(sys.executable, (sys.executable, *line), environment, file_actions=[nowhere])
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(line)} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime
