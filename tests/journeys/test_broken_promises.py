"""Promises that nobody keeps, around Easter 2026, on a clock in which a day passes in two seconds.

The dates are computed here a second time, from a list of free days and nothing of the product.
"""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from whole_system import WholeSystem, until

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
GOOD_FRIDAY = date(2026, 4, 3)
EASTER_MONDAY = date(2026, 4, 6)

ALL_IS_TOLD_WITHIN_S = 60.0
NOTICED_LATE_AT_MOST = timedelta(days=15)
"""Half a minute of real time: on such a clock dates are checked, not lateness."""

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Promise:
    """What a procedure promises about a complaint received on a day."""

    organisation: str
    received_on: date
    clock: str
    amount: int
    unit: str
    is_target: bool = False
    names_its_day: bool = False
    """The acknowledgement names the last day (the strict one); from then on there is nothing left to read."""

    def last_day(self, *, good_friday_is_free: bool) -> date:
        """Count with a pencil: the day of receipt never counts, weekends and Easter are free."""
        if self.unit != "working days":
            return self.received_on + timedelta(days=self.amount * (7 if self.unit == "weeks" else 1))
        free = {EASTER_MONDAY, GOOD_FRIDAY} if good_friday_is_free else {EASTER_MONDAY}
        day, left = self.received_on, self.amount
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5 and day not in free
        return day

    @property
    def expected(self) -> list[tuple[str, str, date]]:
        """Give what is told about it: once where readings agree, else once by each."""
        kind = "TargetMissed" if self.is_target else "DeadlineBreached"
        strict = self.last_day(good_friday_is_free=False)
        lenient = self.last_day(good_friday_is_free=True)
        if strict == lenient or self.names_its_day:
            return [(kind, "both", strict)]
        return [(kind, "strict", strict), (kind, "lenient", lenient)]


PROMISES = (
    Promise("supportoplus", date(2026, 3, 10), "SUP-4", 30, "days", is_target=True),
    Promise("supportoplus", date(2026, 3, 20), "SUP-2", 14, "days"),
    Promise("preact", date(2026, 3, 18), "PRE-3", 3, "weeks"),
    Promise("ingressus", date(2026, 3, 10), "ING-4", 20, "working days", names_its_day=True),
    Promise("ingressus", date(2026, 3, 10), "ING-2", 20, "working days", is_target=True),
    Promise("ingressus", date(2026, 3, 5), "ING-4", 20, "working days", names_its_day=True),
    Promise("destiny", date(2026, 3, 31), "DES-1", 3, "working days"),
    Promise("destiny", date(2026, 3, 27), "DES-1", 3, "working days"),
    Promise("bc", date(2026, 3, 30), "BNC-2", 5, "working days"),
    Promise("bc", date(2026, 3, 26), "BNC-2", 5, "working days"),
)
"""Received before Easter, so that every one ends around it; most before the system was started."""


@dataclass(frozen=True)
class Told:
    """A line of `gehoor breaches --follow`, with the system's clock at the moment we read it."""

    line: dict[str, Any]
    read_at: datetime


@dataclass(frozen=True)
class Course:
    """What happened: the reference of each promise's case, and every line that was told."""

    references: dict[Promise, str]
    told: list[Told]

    def lines_of(self, promise: Promise) -> list[Told]:
        reference = self.references[promise]
        return [
            one
            for one in self.told
            if (one.line["reference"], one.line["clock"]) == (reference, promise.clock)
        ]


@pytest.fixture(scope="module")
async def course(hurried: WholeSystem) -> Course:
    """File every complaint when its day has come, and follow the breaches until all have been told."""
    course = Course({}, [])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gehoor", "breaches", "--follow", "--json",
        env=hurried.environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    following = asyncio.create_task(_follow(hurried, process, course.told))
    try:
        for promise in sorted(PROMISES, key=lambda promise: promise.received_on):
            await _until_day(hurried, promise.received_on + timedelta(days=1))
            answer = await hurried.file(
                {
                    "organisation": promise.organisation,
                    "channel": "email",
                    "description": "Er gebeurt niets.",
                    "complainant": {"name": "Joost de Wit", "email": "joost.de.wit@example.org"},
                    "received_at": promise.received_on.isoformat(),
                }
            )
            assert answer.status_code == 201, answer.text
            course.references[promise] = answer.json()["reference"]

        for promise in PROMISES:

            async def is_told(promise: Promise = promise) -> bool:
                return len(course.lines_of(promise)) >= len(promise.expected)

            await until(is_told, f"{promise} is told", within_s=ALL_IS_TOLD_WITHIN_S)
    finally:
        process.terminate()
        await process.wait()
        await following
    return course


async def _follow(system: WholeSystem, process: asyncio.subprocess.Process, told: list[Told]) -> None:
    assert process.stdout is not None
    async with system.database() as connection:
        async for line in process.stdout:
            now = await connection.fetchval("SELECT gehoor.clock_now()")
            told.append(Told(json.loads(line), now))


async def _until_day(system: WholeSystem, day: date) -> None:
    async with system.database() as connection:

        async def has_come() -> bool:
            now: datetime = await connection.fetchval("SELECT gehoor.clock_now()")
            return now.astimezone(AMSTERDAM).date() >= day

        await until(has_come, f"{day} comes", within_s=60)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda p: f"{p.clock}-{p.received_on:%m%d}")
async def test_a_promise_breaks_on_its_day_and_never_before(course: Course, promise: Promise) -> None:
    """What nobody did is told with the right date, once by each reading, after that day and not before."""
    told = course.lines_of(promise)

    assert promise.expected == [
        (one.line["type"], one.line["reading"], date.fromisoformat(one.line["due"]["on"])) for one in told
    ]
    for one in told:
        on = date.fromisoformat(one.line["due"]["on"])
        midnight = datetime.combine(on + timedelta(days=1), time(), AMSTERDAM).astimezone(UTC)
        noticed_at = datetime.fromisoformat(one.line["noticed_at"])
        assert midnight == datetime.fromisoformat(one.line["due"]["at"])
        assert midnight <= noticed_at
        assert midnight <= one.read_at
    assert [*[False] * (len(told) - 1), True] == [one.line["beyond_dispute"] for one in told]


async def test_a_breach_is_noticed_soon_after_its_moment(course: Course) -> None:
    """Cases that were open when their day ended were told within seconds of it."""
    lateness = [
        datetime.fromisoformat(one.line["noticed_at"]) - datetime.fromisoformat(one.line["due"]["at"])
        for promise in PROMISES
        for one in course.lines_of(promise)[-1:]
        if promise.received_on >= date(2026, 3, 10)
    ]

    assert max(lateness) < NOTICED_LATE_AT_MOST


async def test_what_was_followed_is_what_is_listed(hurried: WholeSystem, course: Course) -> None:
    """Listing the breaches later gives the same ones, each once, and a cursor goes on where one stopped."""
    listed = (await hurried.gehoor("breaches", "--json")).lines
    cursor = course.told[2].line["cursor"]
    after = (await hurried.gehoor("breaches", "--json", "--after", cursor)).lines

    followed = [one.line for one in course.told]
    assert followed == listed[: len(followed)]
    assert followed[3:] == after[: len(followed) - 3]
    twice = Counter((line["reference"], line["clock"], line["reading"]) for line in listed)
    assert [] == [told for told, times in twice.items() if times > 1]


async def test_the_accelerated_record_verifies_too(hurried: WholeSystem, course: Course) -> None:
    """A hurried clock bends no chain and parks no case."""
    assert course.told
    verified = await hurried.gehoor("verify", "--json")
    parked = await hurried.gehoor("parked", "list")

    assert (0, 0) == (verified.code, verified.lines[0]["bad"])
    assert 0 == parked.code, parked.out
