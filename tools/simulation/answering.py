"""The answer and what comes after it: judgement, objection, hearing, the board, the way outside."""

from collections.abc import Callable
from datetime import timedelta
from typing import get_args

from events.catalogue.words import Outcome
from procedures.conduct import TokenRole
from simulation.script import Script

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def judgement(script: Script) -> dict[str, str]:
    outcome = script.chance.choices(OUTCOMES, (30, 20, 45, 5))[0]
    return {"outcome": outcome, "grounds": script.words, "solution": script.words, "changes": script.words}


def answers(script: Script) -> None:
    script.give("decide-outcome", **judgement(script))


def aftermath(script: Script, window: int, more: Callable[[Script], None]) -> None:
    """After the answer: handled, or an objection; `window` is about how long people think they have."""
    if script.happens(0.7):
        script.later(1.5).give("record-handled")
    if script.happens(0.2):
        script.later(2).give("ask-satisfaction", how="email").later(3).give(
            "record-satisfaction",
            answer=script.chance.choice(("satisfied", "partly satisfied", "dissatisfied")),
        )
    if not script.happens(0.1):
        script.later(window + 6, 0.15).give("close", because="handled")
        return
    answered_on = (script.at - script.begins_at).days
    number = answered_on + window + script.chance.choice((-1, 0, 0, 1, 2))
    if script.happens(0.3):
        script.at_the_last_moment(number)
    else:
        script.on_day(answered_on + script.chance.randint(2, window + 8))
    arrived_at = script.at
    if script.happens(0.5):
        script.later(1.5)
    script.give("lodge-objection", channel="email", objection=script.words, at=arrived_at.isoformat())
    if script.happens(0.5):
        script.later(2).give("excuse-lateness", "board", reason=script.words)
    more(script)


def hearing(script: Script, by: TokenRole = "board") -> bool:
    """Invite and hear; return whether there was a talk."""
    script.later(3).give("invite-to-hearing", by, how=script.chance.choice(("letter", "phone")))
    way = script.chance.random()
    if way < 0.15:
        script.later(4).give("waive-hearing", by, because="declined", **script.earlier())
        return False
    if way < 0.3:
        script.at += timedelta(days=15)  # nobody answers
        return False
    script.later(3)
    held_at = script.at + timedelta(days=script.chance.randint(2, 9))
    script.give("agree-hearing", by, hearing_at=held_at.isoformat())
    script.at = held_at + timedelta(hours=1)
    if script.happens(0.15):
        script.give("waive-hearing", by, because="did not come")
        return False
    satisfied, new_facts = script.happens(0.4), script.happens(0.3)
    talk = {"how": "in person", "satisfied": satisfied, "new_facts": new_facts, **script.earlier(0.05)}
    script.give("record-hearing", by, **talk)
    return True


def board_of_preact(script: Script) -> None:
    if script.happens(0.95):
        hearing(script)
    script.later(14).give(
        "decide-objection", "board", outcome=script.chance.choice(OUTCOMES), grounds=script.words
    )
    script.later(4).give("close", because="handled")


def board_of_ingressus(script: Script) -> None:
    heard = script.happens(0.95) and hearing(script)
    if heard and script.happens(0.9):
        script.later(3).give("write-hearing-record", "board", record=script.words)
    if script.happens(0.4):
        script.later(5).give(
            "decide-objection", "board", outcome=script.chance.choice(OUTCOMES), grounds=script.words
        )
    script.later(3).give("name-outer-route", "board")
    if script.happens(0.15):
        script.later(20).give("record-outer-route", "board", **script.earlier())
    script.later(3).give("close", "board", because="handled")


def to_the_ombudsman(script: Script) -> None:
    script.later(1.5).give("name-outer-route")
    if script.happens(0.05):
        script.later(20).give("record-outer-route", **script.earlier())
    script.later(6).give("close", because="handled")
