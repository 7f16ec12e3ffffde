"""Ends processes that outlived an earlier supervisor: its orphans, as its `run.json` names them.

A pid alone may belong to another program by now. Only a process that also began at the recorded moment is
ours; any other is left alone.
"""

import asyncio
import signal

from events.errors import Misconfigured
from gehoor.embedded.home import RunRecord
from gehoor.embedded.processes import began, end_orphan
from gehoor.embedded.screen import Screen

ORPHANS_STOP_WITHIN_S = 5.0


async def end_orphans(last: RunRecord, screen: Screen) -> None:
    """Stop processes of an earlier run; raises `Misconfigured` naming the one that cannot be stopped."""
    left = [
        (name, one)
        for name, one in last.processes.items()
        if one.began is not None and began(one.pid) == one.began
    ]
    gone = await asyncio.gather(
        *(
            end_orphan(
                one.pid,
                signal.SIGINT if name in ("postgres", "keys") else signal.SIGTERM,
                ORPHANS_STOP_WITHIN_S,
            )
            for name, one in left
        )
    )
    for (name, one), is_gone in zip(left, gone, strict=True):
        if not is_gone:
            raise Misconfigured(
                f"{name} (process {one.pid}) of an earlier run still runs; stop it: kill {one.pid}"
            )
    if left:
        screen.problem(f"stopped what an earlier run left: {', '.join(name for name, _ in left)}")
