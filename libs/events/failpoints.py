"""Failpoints: named moments at which a test may kill, pause, delay or break this very process.

Inert unless armed: a call then looks at one name of this module and returns. They are armed by
`GEHOOR_FAILPOINTS` alone, and only in a child of the embedded supervisor of the same home; anywhere else the
setting is refused at start. `FAILPOINTS` lists every point there is, `await failpoint("relay.read")` is where
it stands in the code.

The setting is a list such as `relay.read=kill@3,letters.claimed=pause:12` (the third pass kills; the first
pass stands still for 12 s), or `@/a/file`: then each such list is taken from that file as soon as it appears
there, and the file is removed, so that a process that is started again does not die there for ever. What was
done is written to the file whose name ends in `.fired`.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never, cast, get_args

from events.errors import Misconfigured

FAILPOINTS: Mapping[str, str] = {
    "intake.parsed": "a complaint was understood, nothing of it is stored",
    "intake.keys_minted": "the persons' keys are committed, the complaint is not",
    "intake.before_insert": "the transaction is open and has written nothing",
    "intake.before_commit": "the complaint is inserted and not committed",
    "intake.committed": "the complaint is committed and not yet answered",
    "relay.leads": "this relay has just taken the lead",
    "relay.read": "a window of the feed was read, nothing of it is published",
    "relay.published": "one message is acknowledged by the stream, the checkpoint stands before it",
    "relay.before_move": "the window is acknowledged, the checkpoint stands before it",
    "relay.moved": "the checkpoint is committed",
    "consumer.owned": "the partitions of this replica were settled for this beat",
    "consumer.received": "messages came from the bus, nothing is read of them",
    "consumer.before_transaction": "the work is planned from a checkpoint that was read earlier",
    "consumer.decided": "cases are locked and decided, nothing is written",
    "consumer.before_commit": "checkpoint, events and effects are written and not committed",
    "consumer.committed": "they are committed, and nothing was done since",
    "consumer.parked": "an event is set aside and that is not committed",
    "firing.looked": "the queue of due cases was read",
    "firing.claimed": "cases are chosen, none is locked",
    "firing.before_commit": "their events are written and not committed",
    "firing.committed": "their events are committed",
    "clock.asked": "the time is taken and the database is not asked yet",
    "clock.sampled": "the database has returned its time, the answer is not yet timed",
    "letters.claimed": "attempts are committed, no letter is written",
    "letters.connected": "the mail server greeted",
    "letters.mail_from": "the sender was accepted",
    "letters.recipient": "the recipient was accepted",
    "letters.in_data": "the server waits for the mail",
    "letters.final_dot": "the mail is sent, its answer was not read",
    "letters.answered": "the server has answered, nothing is recorded",
    "letters.before_commit": "outcomes are written and not committed",
    "letters.recorded": "outcomes are committed",
    "keys.before_mint": "keys are made and not committed",
    "keys.loaded": "keys were read from the key store",
    "erasure.requested": "the intent to erase stands, the keys still exist",
    "erasure.destroyed": "the keys are destroyed, the certificate is missing",
}
"""Every failpoint and what is true when it is reached."""

Action = Literal["kill", "pause", "delay", "raise"]
"""kill: SIGKILL. pause: the process stands still. delay: only this task does. raise: a lost connection."""

LONGEST_S = 120.0


class FailpointReached(ConnectionError):
    """A failpoint raises this where it is armed with "raise", as a lost connection would."""


@dataclass(slots=True)
class Armed:
    """What a point does: from its `first` pass on, `times` times; `amount_s` is for pause and delay."""

    action: Action
    amount_s: float = 0.0
    first: int = 1
    times: int = 1


_armed: dict[str, Armed] = {}
_file: Path | None = None
_active = False


async def failpoint(name: str) -> None:
    """Do what this point is armed with; nothing at all in a process that is not under test.

    Raises `FailpointReached` where it is armed with "raise".
    """
    if _active:  # one global name, because this stands in the hottest paths
        await _reach(name)


def arm(setting: str | None, home: Path) -> None:
    """Arm what `GEHOOR_FAILPOINTS` lists; raises `Misconfigured` outside the embedded set-up."""
    if not setting:
        return
    if not _is_child_of_supervisor(home):
        raise Misconfigured(
            "GEHOOR_FAILPOINTS: only a child of the embedded supervisor may be broken on purpose; unset it"
        )
    arm_here(setting)


def arm_here(setting: str) -> None:
    """Arm this process whoever started it, for tests; raises `Misconfigured` for a wrong setting."""
    global _file, _active
    if setting.startswith("@"):
        _file = Path(setting[1:])
    else:
        _armed.update(parse(setting))
    _active = True


def disarm() -> None:
    """Make every point inert again."""
    global _file, _active
    _armed.clear()
    _file, _active = None, False


def parse(setting: str) -> dict[str, Armed]:
    """Read `name=action[:seconds][@first][*times],…`; raises `Misconfigured` naming the wrong part."""
    armed: dict[str, Armed] = {}
    for part in filter(None, (part.strip() for part in setting.split(","))):
        name, _, rest = part.partition("=")
        rest, _, times = rest.partition("*")
        rest, _, first = rest.partition("@")
        action, _, amount = rest.partition(":")
        if name not in FAILPOINTS:
            raise Misconfigured(f"GEHOOR_FAILPOINTS: there is no failpoint {name!r}")
        if action not in get_args(Action):
            raise Misconfigured(f"GEHOOR_FAILPOINTS: {part!r}: use kill, pause, delay or raise")
        try:
            found = Armed(cast("Action", action), float(amount or 0), int(first or 1), int(times or 1))
        except ValueError:
            raise Misconfigured(
                f"GEHOOR_FAILPOINTS: {part!r}: write name=action:seconds@first*times"
            ) from None
        if not 0 <= found.amount_s <= LONGEST_S or found.first < 1 or found.times < 1:
            raise Misconfigured(f"GEHOOR_FAILPOINTS: {part!r}: at most {LONGEST_S:g} s, counted from 1")
        armed[name] = found
    return armed


async def _reach(name: str) -> None:
    if _file is not None:
        _take_from_file(_file)
    armed = _armed.get(name)
    if armed is None:
        return
    if armed.first > 1:
        armed.first -= 1
        return
    armed.times -= 1
    if armed.times <= 0:
        del _armed[name]
    if _file is not None:
        _note(_file, name, armed.action)
    match armed.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "pause":
            time.sleep(armed.amount_s)  # noqa: ASYNC251 - the whole process is meant to stand still
        case "delay":
            await asyncio.sleep(armed.amount_s)
        case "raise":
            raise FailpointReached(f"failpoint {name}")
        case _:
            assert_never(armed.action)


def _take_from_file(file: Path) -> None:
    """Arm what the file holds, and remove it."""
    try:
        setting = file.read_text()
        file.unlink()
    except FileNotFoundError:
        return
    _armed.update(parse(setting))


def _note(file: Path, name: str, action: str) -> None:
    """Append what is about to be done; written at once, because the process may be killed next."""
    line = json.dumps({"name": name, "action": action, "pid": os.getpid(), "monotonic_s": time.monotonic()})
    handle = os.open(f"{file}.fired", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode() + b"\n")
    finally:
        os.close(handle)


def _is_child_of_supervisor(home: Path) -> bool:
    """Return whether the supervisor of this home started us, itself or through its fork server."""
    try:
        supervisor = json.loads((home / "run.json").read_text()).get("pid")
        parents = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return False
    return supervisor in (os.getppid(), int(parents[1]))
