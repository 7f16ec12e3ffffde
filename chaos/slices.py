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
    Slice("disk", 60),
    Slice("kill", 120),
    Slice("nats-restart", 230, rate=6.0),
    Slice("wipe", 125, rate=42.0),
    Slice("no-nats", 60),
    Slice("postgres", 80),
    Slice("stop", 50),
    Slice("pause", 60),
    Slice("mail", 60),
    Slice("store", 60),
    Slice("network", 50),
    Slice("data", 40),
    Slice("failpoints", 60),
    Slice("kill-all", 60),
    Slice("power", 60),
    Slice("storm", 160, rate=8.0),
    Slice("all", 200, rate=8.0),
    Slice("all", 200, rate=8.0),
)
"""About forty minutes on two cores, starting, coming to rest and judging included."""
