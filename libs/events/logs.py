"""Logs: one JSON line per unit of work, to standard output; on a terminal the same, readable.

An event name and facts, never personal data. An exception is described by its type and place, because its
text may quote a value. A line that cannot be written is counted and told of later: a full disk is no reason
to stop working.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog


def configure(service: str, level: str = "INFO") -> None:
    """Set up structlog and let the standard library's warnings join in."""
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
    """An output that outlives a full disk: what is lost is counted, and told of when there is room again."""

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
        """Bring what was written to the file; the first time that succeeds again, tell what is missing."""
        try:
            self._out.flush()
            if self.lost:
                lost, self.lost = self.lost, 0
                self._out.write(f'\n{{"event": "log.incomplete", "level": "warning", "lost": {lost}}}\n')
                self._out.flush()
        except OSError:
            self.lost += 1


def describe(error: BaseException) -> dict[str, str]:
    """Say what kind of error it is and where it was raised, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    via = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else where
    return {"error": type(error).__qualname__, "where": where, "via": via}


class _Forward(logging.Handler):
    """Passes on what libraries log, by name and level; their texts may hold anything, so they stay out."""

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
