"""The full campaign as slices: each a run of one mix, one line of the table; their sum is the campaign.

A slice can be run again alone (`MIX`, `SEED`, `SECONDS`, `RATE`), so that a machine that falls over half way
has not run the rest for nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slice:
    """A mix, for how long things are broken, and how many complaints a second flow meanwhile."""

    mix: str
    seconds: float
    rate: float = 15.0


SLICES = (
    Slice("kill", 120),
    Slice("nats-restart", 230, rate=6.0),
    Slice("wipe", 150, rate=42.0),
    Slice("no-nats", 60),
    Slice("postgres", 80),
    Slice("quick-sweep", 200, rate=8.0),
    Slice("pause", 50),
    Slice("store", 50),
    Slice("network", 50),
    Slice("mail", 50),
    Slice("stop", 50),
    Slice("kill-all", 50),
    Slice("data", 35),
    Slice("disk", 60),
    Slice("power", 50),
    Slice("storm", 140, rate=8.0),
    Slice("all", 130, rate=8.0),
    Slice("storm", 60, rate=8.0),
)
"""About forty minutes on two cores, starting, coming to rest and judging included; more on a busy machine."""
