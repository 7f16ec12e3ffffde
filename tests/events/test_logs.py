"""A log that cannot be written; found by a campaign that filled the disk."""

import errno
import io

import structlog

from events.logs import LossyOutput


class FullDisk(io.StringIO):
    """A file without room for anything, until there is."""

    is_full = True

    def flush(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_costs_lines_and_not_the_service() -> None:
    """A service went down over a line of its log; now it goes on, and says that lines are missing."""
    disk = FullDisk()
    log = structlog.PrintLogger(LossyOutput(disk))  # type: ignore[arg-type]

    log.msg("first")
    log.msg("second")
    disk.is_full = False
    log.msg("third")

    assert disk.getvalue().endswith('third\n\n{"event": "log.incomplete", "level": "warning", "lost": 2}\n')
