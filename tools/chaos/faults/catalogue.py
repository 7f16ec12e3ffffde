"""All faults by name, and how one is committed and recorded.

A fault breaks something, lasts, and heals what it broke. It works through identifiers of processes that this
campaign started, through files in its own folder, and through its own proxies and mail server. It never
touches anything else on the machine.
"""

import random
from collections.abc import Awaitable, Callable, Mapping

from chaos.database import DATABASE_ERRORS
from chaos.faults import data, disk, failpoints, mail, processes, servers
from chaos.record import FaultMark
from chaos.testbed import Testbed

FaultAction = Callable[[Testbed, random.Random], Awaitable[str]]
"""Breaks something and heals it; returns what it broke, or an empty text."""

FAULTS: Mapping[str, FaultAction] = {
    "kill": processes.kill_service,
    "kill anything": processes.kill_one,
    "kill all": processes.kill_all,
    "pause": processes.pause_one,
    "kill intake": processes.kill_intake,
    "stop": processes.stop_one,
    "postgres immediate": servers.crash_postgres,
    "crash at a promise": servers.crash_at_promise,
    "nats restart": servers.restart_nats,
    "nats wiped": servers.wipe_nats,
    "mail upset": mail.upset_mail,
    "mail closed": mail.close_mail,
    "mail dropped": mail.drop_mail,
    "mail grey": mail.grey_mail,
    "late commit": failpoints.commit_late,
    "zombie": failpoints.make_zombie,
    "network": servers.upset_network,
    "held transaction": servers.hold_transaction,
    "no connections": servers.exhaust_connections,
    "wrong clock": failpoints.falsify_clock,
    "failpoint": failpoints.reach_failpoint,
    "sweep": failpoints.sweep_failpoints,
    "poison": data.put_poison,
    "forgetting": data.erase_somebody,
    "power cut": disk.cut_power,
    "disk full": disk.fill_disk,
}


async def commit_fault(testbed: Testbed, name: str, chance: random.Random) -> None:
    """Break and heal once, and record when."""
    testbed.history.write(FaultMark(name=name, begins=True))
    what = ""
    try:
        what = await FAULTS[name](testbed, chance)
    except (*DATABASE_ERRORS, KeyError):
        what = ""  # what should be broken further was broken already
    finally:
        testbed.history.write(FaultMark(name=name, begins=False, what=what))
