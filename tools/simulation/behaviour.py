"""How people go about a complaint at each organisation: what they do, how soon, and what they leave undone.

The shares are those of public figures where there are any. Nobody here knows when anything is due: some are
simply late.
"""

from collections.abc import Mapping
from datetime import timedelta

from procedures.conduct import TokenRole
from simulation.answering import judgement
from simulation.organisation_scripts import WAYS
from simulation.script import Script


def write(script: Script, organisation: str, nature: str) -> str:
    """Write what happens to a case of this organisation, and say in a word how it goes."""
    _prelude(script, organisation)
    WAYS[organisation](script, nature)
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


_DESK: Mapping[str, TokenRole] = {"supportoplus": "quality_manager"}
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
            script.later(4).give("decide-outcome", by, **judgement(script))
    script.later(3).give("close", by, because="handled")
    return True
