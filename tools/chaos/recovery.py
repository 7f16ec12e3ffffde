"""How long until the whole path works again: complaints sent after a fault have their letters.

Two measures. The first letter says that the path works at all; the slowest letter of what was sent in the
second after a fault says how long anybody had to wait, whichever partition the case is in.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic

from chaos.record import (
    AnyLine,
    FailpointReached,
    FaultMark,
    ReceivedMail,
    RequestAnswered,
    RequestSent,
    RunHistory,
)

CHECKED_EVERY_S = 0.05
SENT_WITHIN_S = 1.0


class PathWatch:
    """Follows a growing history: how many complaints sent after a moment have their letter."""

    def __init__(self, history: RunHistory) -> None:
        self._lines = history.lines
        self._read = 0
        self._sent: dict[str, float] = {}
        self._through: list[float] = []

    def through_since(self, since_s: float) -> int:
        """Count the letters of complaints that were first sent after this moment."""
        while self._read < len(self._lines):
            line = self._lines[self._read]
            self._read += 1
            if isinstance(line, RequestSent) and line.address:
                self._sent.setdefault(line.address, line.mono_s)
            elif isinstance(line, ReceivedMail) and line.accepted and line.to in self._sent:
                self._through.append(self._sent[line.to])
        count = 0
        for sent_s in reversed(self._through):
            if sent_s >= since_s:
                count += 1
            elif sent_s < since_s - 60.0:
                break
        return count

    async def until_works(self, since_s: float, letters: int, within_s: float) -> None:
        """Wait until so many letters of later complaints arrived, or until the bound."""
        until_s = monotonic() + within_s
        while monotonic() < until_s and self.through_since(since_s) < letters:  # noqa: ASYNC110 - no signal
            await asyncio.sleep(CHECKED_EVERY_S)


def arrivals(lines: Sequence[AnyLine]) -> list[tuple[float, float]]:
    """Return every first letter as (arrived, complaint first sent), in the order of arrival."""
    sent: dict[str, float] = {}
    seen: set[str] = set()
    found: list[tuple[float, float]] = []
    for line in lines:
        if isinstance(line, RequestSent) and line.address:
            sent.setdefault(line.address, line.mono_s)
        elif isinstance(line, ReceivedMail) and line.accepted and line.to in sent and line.to not in seen:
            seen.add(line.to)
            found.append((line.mono_s, sent[line.to]))
    return found


def recoveries_s(lines: Sequence[AnyLine]) -> dict[str, list[float]]:
    """Per fault: from its end until a complaint sent after that had its letter at the mail server."""
    return _first_after_faults(lines, arrivals(lines))


def promises_again_s(lines: Sequence[AnyLine]) -> dict[str, list[float]]:
    """Per fault: from its end until a complaint sent after that was promised to be kept."""
    sent: dict[str, float] = {}
    promises: list[tuple[float, float]] = []
    for line in lines:
        if isinstance(line, RequestSent):
            sent[line.key] = line.mono_s
        elif isinstance(line, RequestAnswered) and line.outcome == "ok" and line.key in sent:
            promises.append((line.mono_s, sent[line.key]))
    return _first_after_faults(lines, promises)


def slowest_letters_s(lines: Sequence[AnyLine]) -> dict[str, list[float]]:
    """Per fate at a failpoint: how long the slowest letter took of all that was sent in the second after."""
    letters = sorted((sent_s, at_s) for at_s, sent_s in arrivals(lines))
    found: dict[str, list[float]] = {}
    for hit in lines:
        if isinstance(hit, FailpointReached):
            took = [
                at_s - hit.mono_s
                for sent_s, at_s in letters
                if hit.mono_s <= sent_s <= hit.mono_s + SENT_WITHIN_S
            ]
            if took:
                found.setdefault(hit.action, []).append(round(max(took), 3))
    return found


def _first_after_faults(
    lines: Sequence[AnyLine], done: Sequence[tuple[float, float]]
) -> dict[str, list[float]]:
    """Per fault: from its end until something begun after it was done; `done` is (done, begun)."""
    found: dict[str, list[float]] = {}
    for fault in lines:
        if isinstance(fault, FaultMark) and not fault.begins and fault.what and fault.name != "healing":
            first = next((at_s for at_s, begun_s in done if begun_s >= fault.mono_s), None)
            if first is not None:
                found.setdefault(fault.name, []).append(round(first - fault.mono_s, 3))
    return found
