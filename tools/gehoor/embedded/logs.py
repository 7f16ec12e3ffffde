"""The logs of the children: bounded in size, and their warnings brought to the screen as one short line each.

Services write one JSON object per line. Anything else (a traceback of an interpreter that cannot start, a
server's own format) is shown only where it says that something is fatal.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from gehoor.embedded.processes import rotate

_WORTH_SHOWING = ("warning", "error", "critical")
_LONGEST_LINE = 160
_AT_MOST_PER_LOOK = 5
"""A child in trouble may write thousands of lines; the file has them all."""


class LogWatch:
    """Reads what was added to one log since the last look."""

    def __init__(self, name: str, path: Path, show: Callable[[str], None]) -> None:
        self._name = name
        self._path = path
        self._show = show
        self._read_to = path.stat().st_size if path.exists() else 0

    def look(self) -> None:
        """Show warnings that were added, and move the log aside when it has grown too long."""
        try:
            size = self._path.stat().st_size
            if size < self._read_to:
                self._read_to = 0
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                added = file.read(1024 * 1024)
        except OSError:
            return
        whole, newline, _ = added.rpartition(b"\n")
        self._read_to += len(whole) + len(newline)
        shown = [text for text in map(worth_showing, whole.decode(errors="replace").splitlines()) if text]
        for text in shown[:_AT_MOST_PER_LOOK]:
            self._show(f"{self._name}: {text}")
        if len(shown) > _AT_MOST_PER_LOOK:
            self._show(f"{self._name}: and {len(shown) - _AT_MOST_PER_LOOK} more, see {self._path}")
        try:
            self._read_to = 0 if rotate(self._path) else self._read_to
        except OSError as problem:  # no room for the older half: it stays one file until there is
            self._show(f"{self._name}: its log cannot be moved aside: {problem.strerror}")


def worth_showing(line: str) -> str | None:
    """Give the short form of a line somebody should see, or None."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, Mapping):
        fatal = any(word in line for word in ("FATAL:", "PANIC:", "[FTL]", "Error: "))
        return line.strip()[:_LONGEST_LINE] if fatal else None
    if str(entry.get("level", "")).lower() not in _WORTH_SHOWING:
        return None
    facts = " ".join(
        f"{key}={value}"
        for key, value in entry.items()
        if key not in ("event", "level", "timestamp", "exception", "service", "logger")
    )
    return f"{entry['level']} {entry.get('event', '?')} {facts}".strip()[:_LONGEST_LINE]


def last_words(log: Path) -> str:
    """Give the end of the last line of a log, as `: …`, or nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    if not lines or (lines[-1].startswith("{") and worth_showing(lines[-1]) is None):
        return ""
    return f": {(worth_showing(lines[-1]) or lines[-1])[:_LONGEST_LINE]}"
