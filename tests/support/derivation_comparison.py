"""Random cases computed by the code and by the second implementation, and where the two differ.

`python tests/support/derivation_comparison.py CASES [PROCESSES]` (`make due-check`) computes many of them, in
processes, with a line of progress; the tests compute fewer. The same seed gives the same cases.
"""

import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date, timedelta
from typing import Any

from procedures.counting.schedule import Timed
from procedures.forecast import EVENTS, forecast
from second_implementation import DECREE, PROCEDURES, easter_sunday, expected_ends

SEED = 20261121
BATCH = 10_000

Case = tuple[str, date, dict[str, date], str | None]


def cases(seed: int, count: int) -> Iterator[Case]:
    """Procedures, days of receipt, events and pinned calendars; a third of the days lie near hard ones."""
    chance = random.Random(seed)
    names, events = tuple(PROCEDURES), tuple(EVENTS)
    for _ in range(count):
        procedure = chance.choice(names)
        received = any_day(chance)
        told = chance.sample(events, chance.choice((0, 0, 0, 1, 2, 3, 5)))
        days = {name: near(chance, received) for name in told}
        pins: tuple[str | None, ...] = (None, None, None, "nl-atw", "nl-kantoor", "nl-atw-besluit")
        yield procedure, received, days, None if procedure == "fca-disp" else chance.choice(pins)


def any_day(chance: random.Random) -> date:
    year = chance.choice((chance.randrange(2001, 2098), chance.randrange(2024, 2030)))
    if chance.random() < 1 / 3:
        return chance.choice(hard_days(year)) + timedelta(days=chance.randrange(-40, 3))
    return date(year, 1, 1) + timedelta(days=chance.randrange(365))


def near(chance: random.Random, received: date) -> date:
    """A day some weeks later, sometimes a hard one, sometimes the day itself."""
    later = received + timedelta(days=chance.choice((0, 1, 3, chance.randrange(90), chance.randrange(400))))
    if chance.random() < 1 / 4:
        later = max(received, chance.choice(hard_days(later.year)))
    return later


def hard_days(year: int) -> list[date]:
    """Where a day is easily won or lost: feasts, clock changes, year ends, leap days."""
    easter = easter_sunday(year)
    fixed = [(1, 1), (2, 28), (4, 24), (4, 26), (4, 27), (5, 4), (5, 5), (12, 24), (12, 25), (12, 31)]
    clock_changes = [date(year, month, 31 - date(year, month, 31).isoweekday() % 7) for month in (3, 10)]
    return [
        *(date(year, month, day) for month, day in fixed),
        date(year, 3, 1) - timedelta(days=1),
        *(easter + timedelta(days=n) for n in (-3, -2, -1, 0, 1, 38, 39, 49, 50)),
        *clock_changes,
        *(day for day in DECREE if day.year == year),
    ]


def answer(case: Case) -> list[tuple[object, ...]]:
    """What the code says of a case, in the form of the second opinion."""
    procedure, received, events, pinned = case
    told = forecast(procedure, received, events, pinned)
    found: list[tuple[object, ...]] = []
    for rule in told.rules:
        plan = told.plans[rule.clock]
        if isinstance(plan, Timed):
            strict, lenient = plan.first_promise.strict, plan.first_promise.lenient
            found.append((rule.clock, (strict.on, strict.at), (lenient.on, lenient.at)))
        else:
            found.append((rule.clock, None, None))
    return found


def differences(seed: int, count: int, at_most: int = 5) -> list[dict[str, Any]]:
    """The first cases on which both disagree, with both answers."""
    found: list[dict[str, Any]] = []
    for case in cases(seed, count):
        expected, actual = expected_ends(*case), answer(case)
        if expected != actual:
            found.append({"case": case, "expected": expected, "actual": actual})
            if len(found) == at_most:
                break
    return found


def main(count: int, processes: int) -> int:
    """Compare `count` cases in batches, and give an exit code."""
    begun = time.monotonic()
    batches = [(SEED + number, min(BATCH, count - number * BATCH)) for number in range(-(-count // BATCH))]
    done = 0
    with ProcessPoolExecutor(processes) as pool:
        waiting = {pool.submit(differences, seed, size): size for seed, size in batches}
        for finished in as_completed(waiting):
            found = finished.result()
            done += waiting[finished]
            took = time.monotonic() - begun
            left = took / done * (count - done)
            say(f"\r{done:>10,} of {count:,} cases agree, {done / took:,.0f} a second, {left:.0f} s left ")
            if found:
                say("\n" + "\n".join(map(str, found)) + "\n")
                pool.shutdown(cancel_futures=True)
                return 1
    say("\n")
    return 0


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    sys.exit(main(asked, int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1))
