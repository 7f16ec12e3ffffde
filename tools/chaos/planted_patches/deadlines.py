"""Planted bugs of deadlines: summer time, holidays, breaches that are early, double or forgotten."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from chaos.planted_patches.replacing import attribute_of, replace_attribute


def ignores_summer_time() -> None:
    from procedures.counting import derivation

    def end_of(day: Any, zone: str) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(0), timezone(timedelta(hours=1))).astimezone(
            UTC
        )

    replace_attribute(derivation, "end_of", end_of)


def shifts_holidays() -> None:
    from procedures.counting.calendars import Calendar

    real = Calendar._free_in

    def shifted(self: Any, year: int) -> Mapping[Any, str]:
        return {day + timedelta(days=1): why for day, why in real(self, year).items()}

    replace_attribute(Calendar, "_free_in", shifted)


def breaks_clocks_early() -> None:
    from deadlines import consumer, firing

    real = attribute_of(firing, "look")

    def early(history: Any, now: datetime, passed: datetime) -> Any:
        return real(history, now, passed=passed + timedelta(days=30))

    for module in (consumer, firing):
        replace_attribute(module, "look", early)


def tells_breaches_twice() -> None:
    from dataclasses import replace

    from deadlines import firing

    real = attribute_of(firing, "look")

    def twice(history: Any, now: datetime, passed: datetime) -> Any:
        seen = real(history, now, passed=passed)
        return replace(seen, events=seen.events + seen.events)

    replace_attribute(firing, "look", twice)


def forgets_due_cases() -> None:
    from deadlines import consumer, due_table

    real = due_table.write

    async def write(connection: Any, looks: Any) -> None:
        await real(connection, [one for one in looks if (one.case_id.int >> 8) % 3])

    replace_attribute(due_table, "write", write)
    replace_attribute(consumer, "write", write)
