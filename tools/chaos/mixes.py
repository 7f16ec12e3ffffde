"""Which faults go together, how often they come, and what a run needs for them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mix:
    """Which faults a run has, how often, and what the system needs for them."""

    faults: Mapping[str, float]
    every_s: float = 2.0
    network: bool = False
    disk: bool = False
    bus_is_absent: bool = False
    at_once: int = 100
    """So many faults may last at the same time; the next one waits until an earlier one is healed."""
    alone: bool = False
    """The next fault waits, within a bound, until the whole path works again: recovery is measured so."""


MIXES: Mapping[str, Mix] = {
    "none": Mix({}),
    "sample": Mix(
        {"kill": 4.0, "mail dropped": 1.0, "nats wiped": 1.0, "late commit": 1.0, "failpoint": 2.0},
        every_s=2.5,
    ),
    "kill": Mix({"kill anything": 1.0}),
    "kill-all": Mix({"kill all": 1.0}, every_s=20.0),
    "pause": Mix({"pause": 1.0}, every_s=4.0),
    "stop": Mix({"stop": 1.0}),
    "postgres": Mix({"postgres immediate": 1.0}, every_s=10.0),
    "nats": Mix({"nats restart": 3.0, "nats wiped": 1.0}, every_s=3.0),
    "nats-restart": Mix({"nats restart": 1.0}, every_s=0.7, at_once=1),
    "storm": Mix({"kill": 2.0, "kill anything": 0.5, "stop": 1.0, "failpoint": 2.0}, every_s=0.5),
    "wipe": Mix({"nats wiped": 1.0}, every_s=8.0),
    "no-nats": Mix({"kill": 1.0, "postgres immediate": 0.2}, every_s=4.0, bus_is_absent=True),
    "mail": Mix({"mail upset": 3.0, "mail closed": 1.0, "kill": 0.5}, every_s=3.0),
    "network": Mix({"network": 1.0, "kill": 0.3}, every_s=4.0, network=True),
    "data": Mix({"poison": 1.0, "forgetting": 2.0, "late commit": 1.0}, every_s=2.0),
    "store": Mix(
        {"no connections": 1.0, "held transaction": 1.0, "late commit": 1.0, "wrong clock": 1.0}, every_s=5.0
    ),
    "failpoints": Mix({"failpoint": 1.0}),
    "sweep": Mix({"sweep": 1.0}, every_s=0.2, at_once=1, alone=True),
    "quick-sweep": Mix({"sweep": 1.0}, every_s=0.3, at_once=4),
    "alone": Mix(
        {
            "kill": 4, "kill anything": 2, "stop": 1, "postgres immediate": 1, "nats restart": 1,
            "nats wiped": 1, "kill all": 0.5,
        },
        every_s=0.5, at_once=1, alone=True,
    ),
    "power": Mix({"power cut": 1.0}, every_s=8.0, disk=True, at_once=1),
    "disk": Mix({"disk full": 1.0}, every_s=14.0, disk=True, at_once=1),
    "all": Mix(
        {
            "kill": 4, "kill anything": 1, "stop": 1, "pause": 0.5, "postgres immediate": 0.7,
            "nats restart": 1, "nats wiped": 0.5, "mail upset": 1, "mail closed": 0.5, "late commit": 1,
            "failpoint": 4, "poison": 0.3, "forgetting": 1, "wrong clock": 0.3, "network": 1,
        },
        every_s=1.1,
        network=True,
    ),
}  # fmt: skip
"""By name, for `make chaos MIX=…`; `all` is the one in which everything happens at once."""
