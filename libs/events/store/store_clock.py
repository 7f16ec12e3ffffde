"""The database's clock, read in Python: measured offset, same arithmetic as `clock_now()` in SQL.

The embedded set-up may give the clock an anchor: a start and a speed. While such a system is stopped its
clock stands still, because each start moves the anchor to where the last run ended. Everybody else runs on
real time.
"""

from datetime import datetime, timedelta
from time import monotonic

import asyncpg

from events.errors import Misconfigured
from events.failpoints import failpoint

MEASURE_EVERY_S = 10.0
MEASURE_CHOSEN_EVERY_S = 0.25
"""On a clock with an anchor: its speed multiplies every error, and tests move its date while it runs."""

_SAMPLES = 3

_READ = """
SELECT clock_timestamp() AS real_at, a.simulated_at, a.real_at AS anchored_at, a.speed
FROM (SELECT 1) AS one LEFT JOIN gehoor.clock_anchor a ON true
"""


class StoreClock:
    """Returns the database's time; between measurements it goes on by this process's monotonic clock."""

    def __init__(self) -> None:
        self._real_at: datetime | None = None
        self._measured_s = 0.0
        self._anchor: tuple[datetime, datetime, float] | None = None

    @property
    def is_chosen(self) -> bool:
        """Return whether somebody chose this clock, so that it has an anchor."""
        return self._anchor is not None

    @property
    def speed(self) -> float:
        return self._anchor[2] if self._anchor else 1.0

    def now(self) -> datetime:
        """Return the current moment; raises `RuntimeError` before the first `measure`."""
        if self._real_at is None:
            raise RuntimeError("the clock was not measured yet: await clock.measure(pool) at start")
        real = self._real_at + timedelta(seconds=monotonic() - self._measured_s)
        if self._anchor is None:
            return real
        simulated_at, anchored_at, speed = self._anchor
        return simulated_at + (real - anchored_at) * speed

    async def measure(self, pool: asyncpg.Pool) -> None:
        """Compare with the database; raises asyncpg's errors when it does not answer.

        Of a few round trips the quickest counts: its answer can be wrong by half its duration at most.
        """
        best_s = float("inf")
        for _ in range(_SAMPLES):
            before_s = monotonic()
            await failpoint("clock.asked")
            (row,) = await pool.fetch(_READ)
            await failpoint("clock.sampled")
            after_s = monotonic()
            if after_s - before_s >= best_s:
                continue
            best_s = after_s - before_s
            # Taken as if the database had looked at its clock in the middle of the round trip.
            self._real_at, self._measured_s = row["real_at"], (before_s + after_s) / 2
            self._anchor = (
                (row["simulated_at"], row["anchored_at"], row["speed"]) if row["speed"] is not None else None
            )


# Not before the newest events: after a kill the last note (`keep_anchor`) is older than they are, and the
# clock would run backwards. The last 1000 in feed order are enough; a maximum over all of them would read the
# table.
_PREPARE = """
INSERT INTO gehoor.clock_anchor (start_at, simulated_at, real_at, speed)
VALUES ($1, $1, clock_timestamp(), $2)
ON CONFLICT (one) DO UPDATE SET
    simulated_at = greatest(
        clock_anchor.simulated_at,
        coalesce((SELECT max(recorded_at) FROM (
            SELECT recorded_at FROM gehoor.event
            ORDER BY epoch DESC, xid DESC, position DESC LIMIT 1000) AS newest),
            clock_anchor.simulated_at)),
    real_at = clock_timestamp()
WHERE clock_anchor.start_at = $1 AND clock_anchor.speed = $2
RETURNING simulated_at
"""

_KEEP = """
UPDATE gehoor.clock_anchor SET simulated_at = gehoor.clock_now(), real_at = clock_timestamp()
"""


async def prepare_anchor(connection: asyncpg.Connection, start: datetime | None, speed: float | None) -> None:
    """Set the accelerated clock going, from its start or from where it stood when the system stopped.

    Raises `Misconfigured` when this home has another clock: a home keeps the clock it began with.
    """
    anchored = await connection.fetchrow("SELECT start_at, speed FROM gehoor.clock_anchor")
    has_events = await connection.fetchval("SELECT EXISTS (SELECT FROM gehoor.event)")
    if start is None and speed is None:
        if anchored is None:
            return
        raise Misconfigured(
            f"this home runs on a clock that began at {anchored['start_at'].isoformat()} with speed "
            f"{anchored['speed']:g}: set GEHOOR_CLOCK_START and GEHOOR_CLOCK_SPEED to these, or use another "
            "GEHOOR_HOME"
        )
    if anchored is None and has_events:
        raise Misconfigured("GEHOOR_CLOCK_START: this home runs on the real clock; use another GEHOOR_HOME")
    start = start or (
        anchored["start_at"] if anchored else await connection.fetchval("SELECT clock_timestamp()")
    )
    speed = speed or (anchored["speed"] if anchored else 1.0)
    moved_to = await connection.fetchval(_PREPARE, start, speed)
    if moved_to is None and anchored is not None:
        raise Misconfigured(
            "GEHOOR_CLOCK_START/GEHOOR_CLOCK_SPEED: this home began at "
            f"{anchored['start_at'].isoformat()} with speed {anchored['speed']:g} "
            "and keeps that clock; use another GEHOOR_HOME"
        )
    # Imported here: structlog brings rich, a tenth of a second of every command that reads the store.
    import structlog

    structlog.get_logger().info("clock.anchored", simulated_at=moved_to.isoformat(), speed=speed)


async def keep_anchor(connection: asyncpg.Connection) -> None:
    """Record where the accelerated clock stands; a kill loses at most the time since the last record."""
    await connection.execute(_KEEP)
