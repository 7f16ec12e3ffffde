"""The script of one case while it is written: who does what, one step after the other, in office hours.

Days are drawn, never derived: people are quick or slow, not by a procedure but by habit.
"""

import random
from datetime import date, datetime, time, timedelta
from math import log
from typing import Any
from zoneinfo import ZoneInfo

from procedures.conduct import TokenRole
from simulation.arrivals import moment
from simulation.plan import PlannedStep

WORDS = {"nl": "Zoals besproken; zie het dossier.", "en": "As discussed; see the file."}
_SATURDAY = 5
_LAST_MOMENTS = (time(23, 58), time(23, 59, 59, 900_000), time(0, 0), time(0, 0, 0, 1), time(2, 30))


class Script:
    """Steps of one case in the order in which they are added; `at` is the current moment."""

    def __init__(self, chance: random.Random, begins_at: datetime, zone: ZoneInfo, language: str) -> None:
        self.chance = chance
        self.begins_at = begins_at
        self.at = begins_at
        self.zone = zone
        self.words = WORDS[language]
        self.steps: list[PlannedStep] = []

    def happens(self, share: float) -> bool:
        """Return true with this probability."""
        return self.chance.random() < share

    def later(self, days: float, spread: float = 0.6) -> "Script":
        """Go on some days later: `days` at the median, seldom much more, and nearly always on a weekday."""
        drawn = round(self.chance.lognormvariate(log(days), spread))
        self.at = max(self._in_office_hours(self._today() + timedelta(days=drawn)), self._soon())
        return self

    def on_day(self, number: int) -> "Script":
        """Go to the day with this number, counted from the beginning, whatever day that is."""
        self.at = moment(self._day(number), self._o_clock(), self.zone)
        return self

    def at_the_last_moment(self, number: int) -> "Script":
        """Go to the edge of a day with this number: a moment before midnight, or at it."""
        self.at = moment(self._day(number), self.chance.choice(_LAST_MOMENTS), self.zone)
        return self

    def give(self, command: str, by: TokenRole = "handler", /, **body: Any) -> "Script":
        """Add a command by somebody at the current moment of the script."""
        self.steps.append(PlannedStep(at=self.at, command=command, by=by, body=body))
        return self

    def earlier(self, share: float = 0.1) -> dict[str, str]:
        """Return an earlier moment at which it happened, with this probability; else nothing."""
        if not self.happens(share):
            return {}
        return {"at": (self.at - timedelta(hours=self.chance.randrange(2, 60))).isoformat()}

    def in_days(self, fewest: int, most: int) -> str:
        """Return a day ahead, as a command holds it."""
        return str(self._today() + timedelta(days=self.chance.randint(fewest, most)))

    def day_number(self, number: int) -> str:
        """Return the day with this number, counted from the beginning."""
        return str(self._day(number))

    def until(self, at: datetime) -> list[PlannedStep]:
        """End the script here; return the steps that lay later."""
        rest = [step for step in self.steps if step.at >= at]
        self.steps = [step for step in self.steps if step.at < at]
        self.at = at
        return rest

    def _today(self) -> date:
        return self.at.astimezone(self.zone).date()

    def _day(self, number: int) -> date:
        return self.begins_at.astimezone(self.zone).date() + timedelta(days=number)

    def _soon(self) -> datetime:
        return self.at + timedelta(minutes=self.chance.randrange(5, 240))

    def _o_clock(self) -> time:
        return time(self.chance.randrange(8, 18), self.chance.randrange(60), self.chance.randrange(60))

    def _in_office_hours(self, day: date) -> datetime:
        if day.weekday() >= _SATURDAY and not self.happens(0.05):
            day += timedelta(days=7 - day.weekday())
        return moment(day, self._o_clock(), self.zone)
