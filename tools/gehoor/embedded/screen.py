"""What the person who typed `make run` sees: numbered progress, addresses, then one line per event."""

import sys
from time import monotonic
from typing import TextIO

_DOTS = 34


class Screen:
    """Writes lines at once; a terminal that went away is no reason to stop."""

    def __init__(self, total: int, out: TextIO | None = None) -> None:
        self._total = total
        self._done = 0
        self._out = out or sys.stdout
        self._since_s = monotonic()

    def step(self, title: str, detail: str) -> None:
        """Write that one more step is done, and how long it took."""
        self._done += 1
        now_s = monotonic()
        text = f"[{self._done}/{self._total}] {title:<12} {detail} "
        self.line(f"{text:.<{_DOTS + 22}} {now_s - self._since_s:4.1f} s")
        self._since_s = now_s

    def line(self, text: str = "") -> None:
        """Write one line."""
        try:
            print(text, file=self._out, flush=True)
        except (OSError, ValueError):
            self._out = open("/dev/null", "w")  # noqa: SIM115, PTH123 - the terminal is gone, nobody reads on

    def problem(self, text: str) -> None:
        """Write a line about something that went wrong and is being dealt with."""
        self.line(f"  ! {text}")
