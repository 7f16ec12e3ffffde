"""Logs: one JSON line per unit of work, to standard output; on a terminal the same, readable.

An event name and facts, never personal data. An exception is described by its type and place, because its
text may quote a value. A line that cannot be written is counted and reported later: a full disk is no reason
to stop working.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog


def configure(service: str, level: str = "INFO") -> None:
    """Set up structlog, and send what the standard library logs through it, from warnings on."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stdout.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(LossyOutput(sys.stdout)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


class LossyOutput:
    """An output that outlives a full disk: lost lines are counted, and reported when there is room again."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.lost = 0

    def write(self, text: str) -> int:
        """Write, or count that it could not be done."""
        try:
            return self._out.write(text)
        except OSError:
            self.lost += 1
            return len(text)

    def flush(self) -> None:
        """Flush to the file; the first time that succeeds again, write how many lines are missing."""
        try:
            self._out.flush()
            if self.lost:
                lost, self.lost = self.lost, 0
                # It begins with a line break, because half a line may have been written before the disk was
                # full.
                self._out.write(f'\n{{"event": "log.incomplete", "level": "warning", "lost": {lost}}}\n')
                self._out.flush()
        except OSError:
            self.lost += 1


def describe(error: BaseException) -> dict[str, str]:
    """Return the kind of an error and where it was raised, without its text; `via` is our own last line."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    via = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else where
    return {"error": type(error).__qualname__, "where": where, "via": via}


class _Forward(logging.Handler):
    """Logs that a library logged, by name and level; its text may hold anything, so it stays out."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        kind = record.exc_info[0].__qualname__ if record.exc_info and record.exc_info[0] else None
        log.log(
            record.levelno,
            "library.message",
            logger=record.name,
            where=f"{record.module}:{record.lineno}",
            error=kind,
        )
