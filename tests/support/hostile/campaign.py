"""`make fuzz`: a hundred thousand hostile requests to a whole `gehoor up`, and what they were answered.

`CASES` requests (100000) from `SEED` (1), or as many as fit into `SECONDS` when that is given; the same seed
draws the same requests. Nothing may be a server
error, hang, echo, or leave anything in the store that was not answered with success; memory stays bounded.
Exit status 1 when a rule was broken; then the home is kept.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from bench.machine import commit, memory_mb, percentile
from chaos.final_state import files_with_canary
from hostile import invariants
from hostile.callers import tokens
from hostile.client import AT_ONCE, Tally, send_all
from hostile.generators import draw
from hostile.latency_budget import SLOW_AFTER_S, LatencyBudget
from hostile.mutations import ORGANISATIONS, KnownCases, requests_of
from hostile.raw_http import send
from hostile.requests import HostileRequest
from hostile.stored_effects import unexplained
from whole_system import WholeSystem

CASES_KNOWN = 120
PER_DRAWN = 10
ROUNDS = 2
"""Drawing costs more than sending: each drawn request is twisted twice."""
PARTS = 50
MOST_GROWTH_MB = 24.0
"""Of a service between the first tenth of all requests and the end."""
RESTS_WITHIN_S = 300.0
OVER, BUSY = f"over {SLOW_AFTER_S:g} s", "told to come back"


async def campaign(cases: int, chosen: int, seconds: float, home: Path) -> tuple[dict[str, Any], list[str]]:
    """Send them all; return the figures and what is wrong."""
    system = WholeSystem(home)
    latency_budget = LatencyBudget(int(system.mailbox.rpartition(":")[2]))
    tally, memory = Tally(latency_budget=latency_budget), []
    try:
        _say(f"up in {await system.start():.1f} s, in {home}")
        known_cases = await _known_cases(system)
        ports = {
            "intake": int(system.intake.rpartition(":")[2]),
            "workflow": int(system.workflow.rpartition(":")[2]),
        }
        requests = _requests(cases, chosen, known_cases)
        invariants.prepare()
        await _wake(known_cases, ports["workflow"])
        began_s = monotonic()
        shown = 0
        for part in range(PARTS):
            if monotonic() - began_s > seconds:
                break
            drawn = list(islice(requests, cases // PARTS))  # beforehand: it would hold up what is under way
            async with latency_budget.watched():
                await send_all(drawn, ports, tally)
            memory.append(_memory(system))
            told = f"{tally.broken} broke a rule, {memory[-1]} MB, {monotonic() - began_s:.0f} s"
            _say(f"{tally.count} requests, {told}")
            for finding in tally.findings[shown:]:
                _say(f"WRONG: {finding}")
            shown = len(tally.findings)
            if part == 0:
                processes = {name: one.pid for name, one in system.record.processes.items()}
        took_s = monotonic() - began_s
        await system.until_at_rest(RESTS_WITHIN_S)
        memory.append(_memory(system))
        wrong = [
            f"{one} was started again"
            for one, record in system.record.processes.items()
            if record.pid != processes[one]
        ]
        async with system.database() as connection:
            wrong += await unexplained(connection, tally, set(known_cases.links))
        for command in (("verify", "--json"), ("parked", "list", "--json")):
            answer = await system.gehoor(*command, within_s=RESTS_WITHIN_S)
            if answer.code:
                wrong.append(f"gehoor {' '.join(command)}: exit {answer.code} {answer.out[:300]}")
    finally:
        await system.stop()
    wrong += tally.too_often_busy
    wrong += [f"{path} holds what was sent" for path in (*files_with_canary(home), *_screen(system))]
    first = memory[min(PARTS // 10, len(memory)) - 1]
    wrong += [
        f"{name} grew from {first[name]} to {memory[-1][name]} MB" for name in first
        if memory[-1][name] - first[name] > MOST_GROWTH_MB
    ]  # fmt: skip
    figures = {
        "cases": tally.count, "seed": chosen, "commit": commit(), "seconds": round(took_s),
        "replies": dict(sorted(tally.replies.items())), "kinds": dict(sorted(tally.kinds.items())),
        "complaints filed": len(tally.filed), "additions": tally.added.total(),
        "additions without an answer": tally.uncertain,
        "commands done": sum(tally.done.values()), BUSY: tally.busy,
        "ms p50, p99, most": [round(1000 * percentile(tally.took_s, share), 1) for share in (50, 99, 100)],
        OVER: tally.slow,
        "memory MB": memory, "rules broken": tally.broken, "wrong": wrong,
    }  # fmt: skip
    return figures, [*wrong, *tally.findings]


def _requests(cases: int, chosen: int, known_cases: KnownCases) -> Iterator[HostileRequest]:
    chance = random.Random(chosen)
    for drawn in draw(-(-cases // PER_DRAWN), chosen):
        for _ in range(ROUNDS):
            yield from requests_of(drawn, known_cases, chance)


async def _known_cases(system: WholeSystem) -> KnownCases:
    """File a few ordinary complaints, whose cases are then open to be attacked."""
    links = {}
    for at in range(CASES_KNOWN):
        answer = await system.file(
            {"organisation": ORGANISATIONS[at % 5], "channel": "portal", "description": "De lijn valt weg.",
             "complainant": {"name": "Noor Jansen", "email": f"noor.jansen-{at}@example.org"}}
        )  # fmt: skip
        links[answer.json()["reference"]] = answer.json()["status_url"].rpartition("/")[2]
    await system.until_at_rest()
    key = (system.home / "secrets" / "token.key").read_bytes()
    known = list(links)
    return KnownCases({"intake": known, "workflow": known}, links, tokens(key, datetime.now(UTC)))


async def _wake(known_cases: KnownCases, workflow: int) -> None:
    """Ask workflow what anybody asks: the first answers of a process tell only how cold it is."""
    token = (b"Authorization", b"Bearer " + known_cases.tokens[0].encode())
    ordinary = HostileRequest("workflow", b"GET", b"/v1/cases", (token,))
    for reply in await asyncio.gather(*(send(ordinary, workflow) for _ in range(AT_ONCE))):
        assert 200 == reply.status, reply


def _memory(system: WholeSystem) -> dict[str, float]:
    return {
        name: round(memory_mb(system.record.processes[name].pid)[0], 1) for name in ("intake", "workflow")
    }


def _screen(system: WholeSystem) -> Iterator[Path]:
    yield from (path for path in files_with_canary(system.home.parent) if path == system.screen)


async def main() -> int:
    """Run, print figures and findings."""
    cases, chosen = int(os.environ.get("CASES") or 100_000), int(os.environ.get("SEED") or 1)
    folder = Path(tempfile.mkdtemp(prefix="gfuzz-", dir="/tmp"))
    seconds = float(os.environ.get("SECONDS") or "inf")
    figures, findings = await campaign(cases, chosen, seconds, folder / "h")
    _say(json.dumps(figures, indent=1))
    _say(
        f"{figures['rules broken'] + len(figures['wrong'])} findings in {figures['cases']} requests; "
        f"{figures[OVER]} took over {SLOW_AFTER_S:g} s, {figures[BUSY]} were told to come back"
    )
    if findings:
        _say(f"kept: {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a person waits for it


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
