"""What a cell is given: servers, how large it may be, how often it repeats."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.servers import Servers

RESULTS = Path(__file__).parent / "results"


@dataclass(slots=True)
class Run:
    """One run of the benchmark; `growth` is the number of events of the largest table."""

    servers: Servers
    growth: int = 1_000_000
    full: bool = False
    """Asked for by GROWTH: the sizes of the design instead of those that end within minutes."""
    repeats: int = 5
    details: dict[str, Any] = field(default_factory=dict)

    def size(self, by_default: int, in_full: int) -> int:
        """Choose a size."""
        return in_full if self.full else by_default

    def say(self, text: str) -> None:
        """Show what is going on."""
        print(f"  {text}", flush=True)


Cell = Callable[[Run], Awaitable[Sequence[Figure]]]


def growth_asked(environment: Mapping[str, str] = os.environ) -> tuple[int, bool]:
    """Read GROWTH: `10m`, `1m`, `300k` or a number of events."""
    text = environment.get("GROWTH", "").strip().lower()
    if not text:
        return 1_000_000, False
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1], 1)
    digits = text.rstrip("km")
    if not digits.isdigit() or int(digits) * factor < 10_000:
        raise SystemExit(f"GROWTH={text}: give a number of events from 10k on, such as 1m or 10m")
    return int(digits) * factor, True
