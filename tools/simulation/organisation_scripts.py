"""How a complaint is handled at each organisation: a function each, which writes steps into a script."""

from collections.abc import Callable, Mapping

from simulation.answering import (
    aftermath,
    answers,
    board_of_ingressus,
    board_of_preact,
    hearing,
    to_the_ombudsman,
)
from simulation.script import Script

Writer = Callable[[Script, str], None]


def _extends(script: Script, term: int, clock: str | None = None, often: float = 0.15) -> int:
    """Ask for more time near the end of a term, a tenth of them late; return the new last day."""
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
    answers(script.later(9, 0.5))
    aftermath(script, 28, board_of_preact)


def _ingressus(script: Script, nature: str) -> None:
    until = _extends(script, 28)
    if until:
        script.on_day(until - script.chance.randint(-3, 8))
    if script.happens(0.04):
        return
    answers(script.later(1.5) if until else script.later(20, 0.4))
    aftermath(script, 14, board_of_ingressus)


def _awb(script: Script, nature: str) -> None:
    until = _extends(script, 42)
    if script.happens(0.8):
        heard = hearing(script, "handler")
        if heard and script.happens(0.9):
            script.later(3).give("write-hearing-record", record=script.words)
    if until:
        script.on_day(until - script.chance.randint(-3, 8))
    answers(script.later(1.5) if until else script.later(14, 0.7))
    to_the_ombudsman(script)


def _fca_disp(script: Script, nature: str) -> None:
    if script.happens(0.3):
        answers(script.later(1.2, 0.8).give("record-contact", how="phone"))
        script.give("record-handled").later(1).give("close", because="handled")
        return
    _extends(script, 21, "FCA-3" if nature == "billing" else "FCA-2")
    answers(script.later(25, 0.6))
    to_the_ombudsman(script)


WAYS: Mapping[str, Writer] = {
    "destiny": _destiny,
    "bc": _bc,
    "supportoplus": _supportoplus,
    "preact": _preact,
    "ingressus": _ingressus,
    "awb": _awb,
    "fca-disp": _fca_disp,
}
