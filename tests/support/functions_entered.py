"""How much code a newcomer meets who follows one stored case through deadlines.

`python tests/support/functions_entered.py [ORGANISATION] [--list]` takes a golden history and looks at it
again at each place where deadlines looked then. It counts the functions of libs and services that are entered
on the way: how many different ones (each is a place to read), how often, and how many calls lead into
another file than the call before.

Everything is looked at once before the counting, so what is cached, as the counting of days, is not in it.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from deadlines.look import BRINGS_RULES, EMITS, look
from events.record.envelope import History
from golden_histories import FOLDER, from_lines
from procedures.counting.facts import TELLING

ROOT = Path(__file__).resolve().parents[2]
COUNTED = tuple(f"{ROOT / folder}/" for folder in ("libs", "services"))
LONGEST = "ingressus"
"""The golden history with the most clocks: four with a term, nine of its events are about time."""


class Entered:
    """The functions that were entered, counted as `sys.setprofile` reports them."""

    def __init__(self) -> None:
        self.times: Counter[tuple[str, str]] = Counter()
        self.jumps = 0
        self._last_file = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Count one call; a comprehension or a lambda stands in the function that is read anyway."""
        code = frame.f_code
        if event != "call" or code.co_name.startswith("<") or not code.co_filename.startswith(COUNTED):
            return
        self.times[code.co_filename, code.co_qualname] += 1
        self.jumps += code.co_filename != self._last_file
        self._last_file = code.co_filename


def entered_by(work: Callable[[], object]) -> Entered:
    """Do a piece of work and count what it enters."""
    entered = Entered()
    sys.setprofile(entered)
    try:
        work()
    finally:
        sys.setprofile(None)
    return entered


def looks(stored: History) -> Iterator[tuple[History, datetime]]:
    """List each look of then: after an event that deadlines reacts to, and where time made something due."""
    for number, (event, following) in enumerate(pairwise((*stored.events, stored.events[-1])), 1):
        reacts = event.type in BRINGS_RULES | TELLING
        if reacts or (following.type in EMITS and event.type not in EMITS):
            now = following.recorded_at if following.type in EMITS else event.recorded_at
            yield History(stored.case_id, stored.events[:number]), now


def follow(organisation: str) -> Entered:
    """Follow the golden history of an organisation through deadlines."""
    path = FOLDER / "histories" / f"{organisation}.jsonl"
    for history, now in looks(from_lines(path.read_text(encoding="utf-8"))):
        look(history, now)
    again = list(looks(from_lines(path.read_text(encoding="utf-8"))))
    return entered_by(lambda: [look(history, now) for history, now in again])


def main(organisation: str, as_list: bool) -> None:
    """Print the figures, and with `--list` every function and how often it was entered."""
    entered = follow(organisation)
    files = {file for file, _ in entered.times}
    different, total = len(entered.times), entered.times.total()
    lines = [f"{organisation}: {different} different functions in {len(files)} files"]
    lines += [f"entered {total} times, {entered.jumps} times from another file"]
    if as_list:
        lines += [
            f"{times:6}  {Path(file).relative_to(ROOT)}  {name}"
            for (file, name), times in sorted(entered.times.items())
        ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    names = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    main(names[0] if names else LONGEST, "--list" in sys.argv)
