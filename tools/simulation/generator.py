"""Draws cases from a seed: the same seed gives the same cases, byte for byte, whoever asks for which of them.

Each case is drawn by itself from the seed and its number, so that a million of them can be cut over
processes, and case 17 of a run is case 17 of a longer one. Nothing here computes a deadline.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from events.catalogue.words import Language
from procedures.counting.zones import zone_named
from procedures.library import in_force
from procedures.organisations import Organisation, with_demonstrations
from simulation.arrivals import Season, arrival, moment
from simulation.behaviour import write
from simulation.hard_days import HARD_MOMENTS, hard_days
from simulation.invented_people import complaint, person
from simulation.plan import CasePlan, PlannedDelivery
from simulation.script import Script

HARD_SHARE = 20
"""One case in so many begins on a hard day."""

_CHANNELS = ("portal", "email", "phone", "letter", "meeting", "api")
_CHANNEL_SHARES = (44, 30, 18, 4, 3, 1)
_NATURES = ("service", "support", "technical", "billing", "communication", "incident", "other")
_NATURE_SHARES = (28, 18, 14, 14, 12, 9, 5)
_LEFT_OUT = ("company", "role", "phone", "address", "reachability")


def plans(
    seed: int, season: Season, numbers: Iterable[int], organisations: Sequence[str] | None = None
) -> Iterator[CasePlan]:
    """Draw the cases with these numbers; they come to the organisations in turn."""
    names = tuple(organisations or with_demonstrations())
    for number in numbers:
        yield plan(seed, season, number, with_demonstrations()[names[number % len(names)]])


def plan(seed: int, season: Season, number: int, organisation: Organisation) -> CasePlan:
    """Draw one case."""
    chance = random.Random(f"{seed} {season.first_on} {season.days} {organisation.id} {number}")
    hard = None
    if chance.randrange(HARD_SHARE) == 0 and (among := hard_days(season.first_on, season.last_on)):
        hard = chance.choice(tuple(among))
        day, on_the_clock = among[hard], chance.choice(HARD_MOMENTS)
        received_at, is_burst = moment(day, on_the_clock, zone_named(organisation.zone)), False
    else:
        received_at, is_burst = arrival(chance, organisation.id, organisation.zone, season, seed)
    language = _language(chance, organisation)
    nature = "technical" if is_burst else chance.choices(_NATURES, _NATURE_SHARES)[0]
    arrives_at, submission = _submission(chance, organisation, language, nature, received_at)
    script = Script(chance, arrives_at, zone_named(organisation.zone), language)
    story = write(script, organisation.id, nature)
    return CasePlan(
        number=number,
        organisation=organisation.id,
        arrives_at=arrives_at,
        submission=submission,
        steps=tuple(sorted(script.steps, key=lambda step: step.at)),
        fates={letter: _delivery(chance) for letter in in_force(organisation.id, arrives_at.date()).letters},
        story=f"{story}, burst" if is_burst else story,
        hard=hard,
    )


def written(planned: CasePlan) -> bytes:
    """Return a plan as one line of JSON."""
    return msgspec.json.encode(planned)


def _language(chance: random.Random, organisation: Organisation) -> Language:
    if "nl" not in organisation.languages:
        return "en"
    return "en" if "en" in organisation.languages and chance.random() < 0.15 else "nl"


def _submission(
    chance: random.Random, organisation: Organisation, language: Language, nature: str, received_at: datetime
) -> tuple[datetime, dict[str, Any]]:
    """Return when intake gets the complaint, and the submission: a fifth of them lack something."""
    channel = _channel(chance, organisation, received_at)
    complainant = person(chance, language)
    if chance.random() < 0.2:
        for name in chance.sample(_LEFT_OUT, chance.randint(1, len(_LEFT_OUT))):
            del complainant[name]
    if channel in ("letter", "phone") and chance.random() < 0.4:
        del complainant["email"]
    submission: dict[str, Any] = {
        "organisation": organisation.id,
        "channel": channel,
        "language": language,
        "nature": nature,
        "complainant": complainant,
    }
    if chance.random() > 0.03:
        submission["description"] = complaint(chance, nature, language)
    zone = zone_named(organisation.zone)
    if chance.random() < 0.5:
        submission["reported_on"] = str(received_at.astimezone(zone).date())
    share = {"letter": 0.7, "meeting": 0.5, "phone": 0.1}.get(channel, 0.01)
    if chance.random() >= share:
        return received_at, submission
    submission["received_at"] = received_at.isoformat()
    late = timedelta(days=chance.randint(1, 6), minutes=chance.randrange(600))
    return received_at + late, submission


def _channel(chance: random.Random, organisation: Organisation, received_at: datetime) -> str:
    """Nine of ten come by a way that the procedure names."""
    named = in_force(organisation.id, received_at.date()).channels
    while True:
        channel = chance.choices(_CHANNELS, _CHANNEL_SHARES)[0]
        if channel in named or chance.random() < 0.1:
            return channel


def _delivery(chance: random.Random) -> PlannedDelivery:
    """Most letters leave at once and arrive; one in seventy comes back, one in two hundred is refused."""
    drawn = chance.random()
    after = timedelta(seconds=chance.randint(2, 900))
    if drawn < 0.04:
        after = timedelta(days=chance.randint(0, 9), minutes=chance.randrange(1, 1440))
    returned = (
        timedelta(minutes=round(chance.lognormvariate(6.0, 2.0)) + 1) if chance.random() < 0.015 else None
    )
    posted = timedelta(hours=chance.choice((2, 5, 26, 30, 75))) if chance.random() < 0.9 else None
    return PlannedDelivery(
        after=after, is_refused=chance.random() < 0.005, returned_after=returned, posted_after=posted
    )
