"""Bugs planted to test the checker: `python -m chaos.planted BUG MODULE` runs a service with one.

No bug stands in the code of a service. Each is a patch that is put in place here, in the service's process,
before its module runs, or a statement that the administrator of the database should never have given. The
checker must find each of them; those marked harmless it must not, because the design is safe against them.
"""

import runpy
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from chaos.checker import BROKE_OFF
from chaos.database import admin
from chaos.mixes import Mix
from chaos.planted_patches import PATCHES
from chaos.system import System

QUIET = Mix({})
KILLS = Mix({"kill intake": 1.0}, every_s=1.5)
DROPPED_MAIL = Mix({"mail dropped": 1.0}, every_s=1.0)
WIPES = Mix({"nats wiped": 1.0}, every_s=4.0)
POISON = Mix({"poison": 1.0}, every_s=3.0)


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug: what is wrong, in which modules (none: in the database), what makes it show, what shows it."""

    what: str
    modules: tuple[str, ...]
    found_by: tuple[str, ...]
    mix: Mix = QUIET
    sql: str = ""
    violation_holds: str = ""
    """Words of the violation, where its invariant can be broken for another reason too."""
    rests_within_s: float = 20.0

    @property
    def is_harmless(self) -> bool:
        return not self.found_by


CONSUMERS = ("workflow", "deadlines", "notifier")
ROLES = ("intake", "relay", *CONSUMERS)

SOUND = "nothing_at_all"
"""No bug: a machine on which this one is found is too slow to say anything about the others."""

PLANTED: Mapping[str, Planted] = {
    SOUND: Planted("nothing is wrong", (), (), Mix({"nats wiped": 1.0, "poison": 1.0}, every_s=4.0)),
    "answers_before_commit": Planted("201 before the commit", ("intake",), ("I1",), KILLS),
    "commits_without_fsync": Planted(
        "synchronous_commit off",
        (),
        ("I1",),
        Mix({"crash at a promise": 1.0}, every_s=4.0),
        "ALTER SYSTEM SET wal_writer_delay = '10s'",
    ),
    "never_syncs": Planted(
        "nothing is written through to the disk, and the power goes",
        (), ("I1", BROKE_OFF), Mix({"power cut": 1.0}, every_s=8.0, disk=True, at_once=1),
        "ALTER SYSTEM SET fsync = off",
    ),
    "forgets_keys_of_requests": Planted("no idempotency", ("intake",), ("I2",)),
    "leaves_actor_out_of_chain": Planted("the chain does not cover metadata", ("intake",), ("I4",)),
    "answers_500_now_and_then": Planted("a 500 on a good day", ("intake",), ("I18",)),
    "leaks_files": Planted("a file is opened per request and never closed", ("intake",), ("I21",)),
    "echoes_what_was_sent": Planted("an error body repeats the request", ("intake",), ("I19",)),
    "grants_truncate": Planted(
        "TRUNCATE granted", (), ("I4",), sql="GRANT TRUNCATE ON gehoor.event TO gehoor_intake"
    ),
    "reads_feed_by_position_alone": Planted(
        "position without the mark of running transactions", ("service.relay", *CONSUMERS), ("I5",),
        Mix({"late commit": 1.0}, every_s=2.0),
    ),
    "moves_checkpoint_first": Planted("checkpoint before effects", CONSUMERS, ("I16",)),
    "moves_any_checkpoint": Planted(
        "the checkpoint is not compared", CONSUMERS, ("I16",), Mix({"zombie": 1.0}, every_s=3.0)
    ),
    "drops_poison": Planted(
        "poison is passed over and forgotten", CONSUMERS, ("I17",), POISON,
        violation_holds="has not set the poisoned case",
    ),
    "lets_poison_block_all": Planted(
        "poison blocks other cases", CONSUMERS, ("I5",), POISON, violation_holds="stands before the head"
    ),
    "skips_some_events": Planted("a consumer skips events", ("workflow",), ("I5",)),
    "never_pulls": Planted(
        "messages are never taken off the bus", ("workflow",), ("I17",), violation_holds="durable workflow-"
    ),
    "keeps_first_row": Planted("a projection is never brought up to date", ("workflow",), ("I7",)),
    "never_makes_stream_again": Planted(
        "stream and durables are not made again after a wipe", ("service.relay",), ("I17",), WIPES,
        violation_holds="durables are missing",
    ),
    "ignores_summer_time": Planted("a deadline without summer time", ("deadlines",), ("I8",)),
    "shifts_holidays": Planted("holidays one day off", ("deadlines",), ("I8",)),
    "breaks_clocks_early": Planted("breaches told early", ("deadlines",), ("I8",)),
    "tells_breaches_twice": Planted("breaches told twice", ("deadlines",), ("I8",)),
    "forgets_due_cases": Planted("due cases are forgotten", ("deadlines",), ("I8",)),
    "logs_addresses": Planted("an address in a log", ("notifier",), ("I19",)),
    "gives_every_copy_a_new_identity": Planted(
        "a new Message-ID per attempt", ("notifier",), ("I12",), DROPPED_MAIL
    ),
    "tries_again_after_5xx": Planted(
        "tries again after a 5xx", ("notifier",), ("I11",), violation_holds="refuses it for good"
    ),
    "gives_up_after_4xx": Planted("gives up after a 4xx", ("notifier",), ("I11",), Mix({"mail grey": 1.0})),
    "hides_uncertain_attempts": Planted(
        "an uncertain attempt is not recorded", ("notifier",), ("I12",), DROPPED_MAIL
    ),
    "sends_before_the_attempt_stands": Planted(
        "a letter leaves before its attempt is committed", ("notifier",), ("I12",)
    ),
    "loses_messages": Planted(
        "a third of all messages is lost", CONSUMERS, (), Mix({"kill": 1.0}, every_s=2.0), rests_within_s=90.0
    ),
    "moves_cursor_without_acks": Planted(
        "the relay does not wait for the stream",
        ("service.relay",),
        (),
        Mix({"nats restart": 1.0}, every_s=5.0),
        rests_within_s=90.0,
    ),
}  # fmt: skip


async def prepare(system: System, name: str) -> None:
    """Do what a planted bug needs in the database."""
    if PLANTED[name].sql:
        async with admin(system) as connection:
            await connection.execute(PLANTED[name].sql)
            await connection.execute("SELECT pg_reload_conf()")
            if name == "commits_without_fsync":
                for role in ROLES:
                    await connection.execute(f"ALTER ROLE gehoor_{role} SET synchronous_commit = off")
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'gehoor_%'"
                )


def main() -> None:
    """Put the patch in place where it belongs, then run the module as if nothing were wrong."""
    name, module = sys.argv[1:]
    if module in PLANTED[name].modules:
        PATCHES[name]()
    sys.argv = [module]
    patched = sys.modules.get(module)
    if patched is not None and hasattr(patched, "main"):
        patched.main()  # running it anew would make a second, healthy one
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
