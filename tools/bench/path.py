"""The whole path, from outside: 201 → case open → clocks set → acknowledgement accepted by a mail server.

First as fast as it goes: complaints are filed for some seconds without pause, and the clock stops when the
last of them has its letter with the mail server; that is the sustained rate. Then at 50 a second, for the
times people feel. Generator and sink are processes of their own on the same machine; their share is reported.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from bench.figures import Figure, Target
from bench.machine import percentile
from bench.picture import histogram
from bench.run import RESULTS, Run
from bench.whole import ROOT, WholeSystem
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import Launch, start

CELL = "path"
AT_MOST_S = 10.0
RATE, RATE_S = 50.0, 20.0
CONNECTIONS = 48
ARRIVES_WITHIN_S = 90.0


async def run(run: Run) -> Sequence[Figure]:
    """Start everything, load it twice, compare what was filed with what was delivered."""
    folder = run.servers.folder / "path"
    folder.mkdir()
    mails = folder / "mails"
    port = choose()
    command = (sys.executable, "-m", "bench.sink", str(port), str(mails))
    sink = await start(Launch("sink", command, folder / "sink.log", ROOT))
    whole = WholeSystem(
        folder / "home", GEHOOR_SMTP_URL=f"smtp://127.0.0.1:{port}", GEHOOR_LOG_LEVEL="WARNING"
    )
    try:
        await whole.start()
        await whole.wait_until_ready()
        await _load(whole, mails, 0, 2.0, 8)  # warm
        most = await _load(whole, mails, 0, AT_MOST_S, CONNECTIONS)
        steady = await _load(whole, mails, RATE, RATE_S, 32)
    finally:
        await whole.stop()
        await sink.stop(within_s=5)
    run.details[CELL] = {"most": most.as_json(), "steady": steady.as_json()}
    answers, letters = steady.answers_ms(), steady.letters_ms()
    RESULTS.mkdir(exist_ok=True)
    histogram(
        RESULTS / "latency.svg",
        f"At {RATE:g} complaints a second: milliseconds until 201, and until the mail server has the letter",
        {"201": answers, "letter": letters},
    )
    return [
        Figure(CELL, "sustained, every letter delivered", most.sustained, "complaints/s", Target(100, 300),
               note=most.shares()),
        Figure(CELL, "201s at the maximum", most.answered, "complaints/s"),
        Figure(CELL, "processor time at the maximum, generator and sink left out", sum(most.parts().values()),
               "ms/complaint", note=", ".join(f"{name} {ms:.2g}" for name, ms in most.parts().items())),
        Figure(CELL, f"at {RATE:g}/s: 201 p50", percentile(answers, 50), "ms",
               Target(20, 10, at_least=False)),
        Figure(CELL, f"at {RATE:g}/s: 201 p99", percentile(answers, 99), "ms",
               Target(75, 40, at_least=False)),
        Figure(CELL, f"at {RATE:g}/s: letter p50", percentile(letters, 50), "ms"),
        Figure(CELL, f"at {RATE:g}/s: letter p99", percentile(letters, 99), "ms",
               Target(2000, 500, at_least=False), note=steady.shares()),
    ]  # fmt: skip


class LoadRun:
    """What one load did: who filed when, who got a letter when, and who used the processors."""

    def __init__(
        self, answer: Mapping[str, Any], mails: Mapping[str, float], cpu: Mapping[str, float], sink_s: float
    ) -> None:
        self.began_s: float = answer["began_s"]
        self.filed: list[tuple[str, float, float]] = [tuple(one) for one in answer["filed"]]
        self.mails = mails
        self.cpu = {**cpu, "generator": answer["cpu_s"], "sink": sink_s}
        self.ended_s = max(mails[reference] for reference, _, _ in self.filed)

    @property
    def sustained(self) -> float:
        return len(self.filed) / (self.ended_s - self.began_s)

    @property
    def answered(self) -> float:
        return len(self.filed) / (max(answered for _, _, answered in self.filed) - self.began_s)

    def answers_ms(self) -> list[float]:
        return [(answered - due) * 1000 for _, due, answered in self.filed]

    def letters_ms(self) -> list[float]:
        return [(self.mails[reference] - due) * 1000 for reference, due, _ in self.filed]

    def parts(self) -> dict[str, float]:
        """Return the processor time of our processes and servers, in ms per complaint, largest first."""
        ours = {name: used for name, used in self.cpu.items() if name not in ("generator", "sink", "mailbox")}
        return {
            name: 1000 * used / len(self.filed)
            for name, used in sorted(ours.items(), key=lambda one: -one[1])
        }

    def shares(self) -> str:
        """Say who used which part of the processor time that was used."""
        total = sum(self.cpu.values()) or 1.0
        outside = self.cpu["generator"] + self.cpu["sink"]
        return f"generator and sink {100 * outside / total:.0f} % of the processor time used"

    def as_json(self) -> dict[str, Any]:
        return {
            "complaints": len(self.filed),
            "seconds": round(self.ended_s - self.began_s, 2),
            "cpu_ms_per_complaint": {
                name: round(1000 * used / len(self.filed), 3) for name, used in sorted(self.cpu.items())
            },
        }


async def _load(whole: WholeSystem, mails: Path, rate: float, seconds: float, connections: int) -> LoadRun:
    before, sink_before = whole.cpu_by_part(), _sink_cpu()
    generator = await _start(
        "bench.load", str(whole.port), str(rate), str(seconds), str(connections), out=asyncio.subprocess.PIPE
    )
    output, _ = await generator.communicate()
    answer = json.loads(output)
    if answer["refused"] or not answer["filed"]:
        raise RuntimeError(f"complaints were refused: {answer['refused']}")
    found = await _all_delivered(mails, {one[0] for one in answer["filed"]})
    after = whole.cpu_by_part()
    used = {name: after[name] - before.get(name, 0) for name in after}
    return LoadRun(answer, found, used, _sink_cpu() - sink_before)


async def _all_delivered(mails: Path, references: set[str]) -> dict[str, float]:
    """Wait for one letter per case; a second one for the same case is an error of ours."""
    ends_s = monotonic() + ARRIVES_WITHIN_S
    while True:
        text = await asyncio.to_thread(mails.read_text)
        lines = [line.split() for line in text.splitlines()]
        seen = [(reference, float(at)) for reference, at in lines if reference in references]
        found = dict(seen)
        if len(seen) > len(found):
            raise RuntimeError(f"{len(seen) - len(found)} letters were delivered twice")
        if len(found) == len(references):
            return found
        if monotonic() > ends_s:
            raise RuntimeError(f"{len(references) - len(found)} of {len(references)} letters did not arrive")
        await asyncio.sleep(0.05)


def _sink_cpu() -> float:
    from bench.machine import cpu_seconds, processes

    return sum(cpu_seconds(pid) for pid, command in processes().items() if "bench.sink" in command)


async def _start(module: str, *arguments: str, out: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=out
    )
