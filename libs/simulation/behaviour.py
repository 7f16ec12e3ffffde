"""How people go about a complaint at each organisation: what they do, how soon, and what they leave undone.

One function per organisation writes the steps of a case into a script; the shares are those of public figures
where there are any (README). Nobody here knows when anything is due: some are simply late.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from simulation.plan import Role
from simulation.script import Script

Writer = Callable[[Script, str], None]

OUTCOMES = ("founded", "partly founded", "unfounded", "inadmissible")


def write(script: Script, organisation: str, nature: str) -> str:
    """Write what happens to a case of this organisation, and say in a word how it goes."""
    _prelude(script, organisation)
    _WRITERS[organisation](script, nature)
    story = "reopened" if _reopens(script, organisation) else "ordinary"
    if script.happens(0.06):
        by = _DESK.get(organisation, "handler")
        at = script.begins_at + timedelta(days=script.chance.lognormvariate(2.0, 1.0), hours=1)
        rest = script.until(at)
        script.give("withdraw", by, channel="email", reason=script.words)
        if not script.happens(0.15):
            return "withdrawn"
        script.later(5).give("reopen", by, reason=script.words)
        script.steps += [step for step in rest if step.at > script.at]
        return "withdrawn and taken up again"
    return story


_DESK: Mapping[str, Role] = {"supportoplus": "quality_manager"}
_SPARE: Mapping[str, str] = {
    "destiny": "des-03", "bc": "bnc-04", "supportoplus": "sup-03", "preact": "pre-03", "ingressus": "ing-03",
    "awb": "awb-02",
}  # fmt: skip
"""Somebody on the staff who is not on the rota, so that assigning the case to them changes something."""

_INFORMAL = ("destiny", "preact", "ingressus")


def _prelude(script: Script, organisation: str) -> None:
    begun = script.at
    if organisation in _INFORMAL and script.happens(0.1):
        script.later(0.6).give(
            "note-informal-stage", result=script.chance.choice(("not solved", "still tried"))
        )
    if script.happens(0.18):
        script.later(1.5).give("ask-information", "quality_manager", question=script.words, fields=["phone"])
        if script.happens(0.7):
            script.later(4).give(
                "record-information", "quality_manager", channel="email", message=script.words,
                **script.earlier(0.3),
            )  # fmt: skip
        elif script.happens(0.5):
            script.later(6).give("remind", "quality_manager")
    if organisation in _SPARE and script.happens(0.03):
        script.later(2).give("assign", "quality_manager", handler=_SPARE[organisation], because="absence")
    if script.happens(0.07):
        script.later(3).give("write", message=script.words)
    script.at = begun


def _reopens(script: Script, organisation: str) -> bool:
    if not script.steps or not script.happens(0.03) or script.steps[-1].command != "close":
        return False
    by = script.steps[-1].by
    script.later(9).give("reopen", by, reason=script.words)
    match organisation:
        case "destiny" | "bc":
            script.later(4).give("record-solved", by, **script.earlier())
        case "supportoplus":
            script.later(4).give("record-handled", by)
        case _:
            script.later(4).give("decide-outcome", by, **_judgement(script))
    script.later(3).give("close", by, because="handled")
    return True


def _extends(script: Script, term: int, clock: str | None = None, often: float = 0.15) -> int:
    """Ask for more time about when it runs out, a tenth of them too late; gives the day it is asked until."""
    if not script.happens(often):
        return 0
    begun = script.at
    clock_named = {} if clock is None else {"clock": clock}
    day = term + script.chance.randint(1, 6) if script.happens(0.1) else term - script.chance.randint(1, 5)
    until = term + script.chance.randint(7, 28)
    script.on_day(max(day, 1)).give(
        "extend", until=script.day_number(until), reason=script.words, **clock_named
    )
    if script.happens(0.2):
        again = until + script.chance.randint(5, 20)
        script.on_day(until - script.chance.randint(1, 5)).give(
            "extend", until=script.day_number(again), reason=script.words, consented=script.happens(0.5),
            **clock_named,
        )  # fmt: skip
        until = again
    script.at = begun
    return until


def _destiny(script: Script, nature: str) -> None:
    until = _extends(script, 14)
    if script.happens(0.92):
        script.later(1.8, 0.5).give("react", reaction=script.words)
    if script.happens(0.3):
        script.later(4).give("record-solved", **script.earlier())
    else:
        script.later(3).give("propose", proposal=script.words)
        answer = script.chance.random()
        if answer < 0.2:
            script.later(8).give("remind").later(8).give("remind").later(6).give(
                "close", because="no response"
            )
            return
        if answer < 0.35:
            script.later(3).give("record-refusal", reason=script.words).later(3).give(
                "propose", proposal=script.words
            )
        measured = script.happens(0.3)
        measures = [{"what": script.words, "owner": "des-01", "due_on": script.in_days(5, 30)}]
        script.later(3).give("record-acceptance", measures=measures if measured else [], **script.earlier())
        if measured:
            script.later(3).give("carry-out-measure", measure=1)
        if until and script.happens(0.6):
            script.on_day(until - script.chance.randint(-3, 6))
        script.later(1.5).give("record-solved", **script.earlier())
    script.later(3).give("close", because="handled")


def _bc(script: Script, nature: str) -> None:
    if nature == "incident":
        if script.happens(0.5):
            script.later(1).give("hand-over", note=script.words)
            return
        if script.happens(0.7):
            script.later(3).give(
                "reclassify", kind=script.chance.choice(("complaint", "both")), because=script.words
            )
    if script.happens(0.8):
        script.give("record-external", system="servicenow", number="INC0012345", what="registered")
    if script.happens(0.93):
        script.later(2.5).give("make-plan", plan=script.words, until=script.in_days(3, 25))
    if script.happens(0.15):
        script.later(5).give("make-plan", plan=script.words, until=script.in_days(3, 25))
    if script.happens(0.1):
        return
    script.later(6).give("record-solved", **script.earlier()).later(1).give("report-back")
    if script.happens(0.5):
        script.later(2).give("ask-satisfaction", how="email")
    script.later(3).give("close", because="handled")


def _supportoplus(script: Script, nature: str) -> None:
    way = script.chance.random()
    if script.happens(0.3):
        script.later(2).give(
            "escalate", "quality_manager", to="sup-03", role="responsible person", reason=script.words
        )
    if way < 0.5:
        script.later(6).give("record-contact", how="phone", **script.earlier())
    elif way < 0.8:
        script.later(6).give("invite-to-talk", how=script.chance.choice(("letter", "letter", "phone")))
    elif way < 0.9:
        script.later(6).give("record-contact-attempt", how="phone").later(3).give(
            "record-contact-attempt", how="phone"
        )
    if way < 0.8 and script.happens(0.7):
        measured = script.happens(0.4)
        agreed = (
            [{"what": script.words, "owner": "sup-01", "due_on": script.in_days(7, 30)}] if measured else []
        )
        script.later(5).give("record-talk", how="in person", agreements=agreed, **script.earlier())
        if measured:
            script.later(4).give("carry-out-measure", measure=1)
    if script.happens(0.93):
        script.later(6).give("record-handled")
        script.later(4).give("close", because="handled")


def _judgement(script: Script) -> dict[str, str]:
    outcome = script.chance.choices(OUTCOMES, (30, 20, 45, 5))[0]
    return {"outcome": outcome, "grounds": script.words, "solution": script.words, "changes": script.words}


def _answers(script: Script) -> None:
    script.give("decide-outcome", **_judgement(script))


def _aftermath(script: Script, window: int, more: Callable[[Script], None]) -> None:
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


def _hearing(script: Script, by: Role = "board") -> bool:
    """Invite and hear; tells whether there was a talk."""
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


def _board_of_preact(script: Script) -> None:
    if script.happens(0.95):
        _hearing(script)
    script.later(14).give(
        "decide-objection", "board", outcome=script.chance.choice(OUTCOMES), grounds=script.words
    )
    script.later(4).give("close", because="handled")


def _board_of_ingressus(script: Script) -> None:
    heard = script.happens(0.95) and _hearing(script)
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


def _preact(script: Script, nature: str) -> None:
    way = script.chance.random()
    if way < 0.85:
        script.later(4).give("record-contact", how="phone", **script.earlier())
    elif way < 0.95:
        script.later(4).give("record-contact-attempt", how="phone", **script.earlier())
    if script.happens(0.2):
        script.later(1).give("consult", party="supplier", question=script.words)
        script.later(2).give("record-consultation", consultation=1, answer=script.words)
    if script.happens(0.04):
        return
    _answers(script.later(9, 0.5))
    _aftermath(script, 28, _board_of_preact)


def _ingressus(script: Script, nature: str) -> None:
    until = _extends(script, 28)
    if until:
        script.on_day(until - script.chance.randint(-3, 8))
    if script.happens(0.04):
        return
    _answers(script.later(1.5) if until else script.later(20, 0.4))
    _aftermath(script, 14, _board_of_ingressus)


def _awb(script: Script, nature: str) -> None:
    until = _extends(script, 42)
    if script.happens(0.8):
        heard = _hearing(script, "handler")
        if heard and script.happens(0.9):
            script.later(3).give("write-hearing-record", record=script.words)
    if until:
        script.on_day(until - script.chance.randint(-3, 8))
    _answers(script.later(1.5) if until else script.later(14, 0.7))
    _to_the_ombudsman(script)


def _fca_disp(script: Script, nature: str) -> None:
    if script.happens(0.3):
        script.later(1.2, 0.8).give("record-contact", how="phone").give("record-handled")
        script.later(1).give("close", because="handled")
        return
    _extends(script, 21, "FCA-3" if nature == "billing" else "FCA-2")
    _answers(script.later(25, 0.6))
    _to_the_ombudsman(script)


def _to_the_ombudsman(script: Script) -> None:
    script.later(1.5).give("name-outer-route")
    if script.happens(0.05):
        script.later(20).give("record-outer-route", **script.earlier())
    script.later(6).give("close", because="handled")


_WRITERS: Mapping[str, Writer] = {
    "destiny": _destiny,
    "bc": _bc,
    "supportoplus": _supportoplus,
    "preact": _preact,
    "ingressus": _ingressus,
    "awb": _awb,
    "fca-disp": _fca_disp,
}
