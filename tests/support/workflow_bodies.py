"""Bodies for every command of workflow: enough of them that whatever is allowed can be done with one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cases.state import Case
from workflow.commands.context import CommandContext

W = "Om deze reden."
OUTCOMES = ("founded", "partly founded", "unfounded", "inadmissible")


def bodies(command: str, case: Case, asking: CommandContext) -> list[Mapping[str, Any]]:
    """Give bodies for a command about a case as it stands."""
    later = str(asking.today + timedelta(days=60))
    staff = sorted(asking.organisation.staff)
    measures = [measure.measure for measure in case.life.handling.open_measures]
    match command:
        case "reclassify":
            return [{"kind": kind, "because": W} for kind in ("complaint", "incident", "both", "neither")]
        case "assign":
            return [{"handler": one, "because": "absence"} for one in staff]
        case "escalate":
            roles = asking.conduct.escalates_to or ("account manager",)
            return [{"to": staff[-1], "role": roles[0], "reason": W}]
        case "record-external":
            return [{"system": asking.conduct.external_systems[0], "number": "INC0001", "what": "updated"}]
        case "record-information":
            return [{"channel": "phone", "message": W}]
        case "record-contact" | "record-contact-attempt":
            return [{"how": "phone"}]
        case "invite-to-talk" | "invite-to-hearing":
            return [{"how": "phone"}, {"how": "letter"}]
        case "record-talk":
            return [{"how": "phone", "note": W}]
        case "consult":
            return [{"party": "staff", "question": W}]
        case "record-consultation":
            return [{"consultation": number, "answer": W} for number in case.life.handling.consultations]
        case "make-plan":
            return [{"plan": W, "until": later}]
        case "extend":
            return [{"until": later, "reason": W, "consented": True}]
        case "agree-measure":
            return [{"what": W, "owner": staff[0], "due_on": later}]
        case "carry-out-measure":
            return [{"measure": number} for number in measures]
        case "drop-measure":
            return [{"measure": number, "reason": W} for number in measures]
        case "decide-outcome":
            return [{"outcome": one, "grounds": W, "solution": W} for one in OUTCOMES]
        case "decide-objection":
            return [{"outcome": one, "grounds": W} for one in OUTCOMES]
        case "ask-satisfaction":
            return [{"how": "email"}]
        case "record-satisfaction":
            return [{"answer": one} for one in ("satisfied", "partly satisfied", "dissatisfied")]
        case "lodge-objection":
            return [{"channel": "email", "objection": W}]
        case "agree-hearing":
            return [{"hearing_at": (asking.now + timedelta(days=3)).isoformat()}]
        case "record-hearing":
            return [
                {"how": "phone", "satisfied": satisfied, "new_facts": new_facts}
                for satisfied in (True, False)
                for new_facts in (True, False)
            ]
        case "waive-hearing":
            return [{"because": "declined"}, {"because": "did not come"}]
        case "close":
            return [{"because": one} for one in ("handled", "no response", "inadmissible")]
        case "withdraw":
            return [{"channel": "phone"}]
        case "note-informal-stage":
            return [{"result": "not solved"}]
        case "record-posted":
            return [{"letter": one.letter} for one in case.letters]
        case "record-returned":
            return [{"letter": one.letter, "how": "post"} for one in case.letters]
        case "correct-receipt":
            return [{"received_at": (case.received_at - timedelta(days=1)).isoformat(), "reason": W}]
        case "correct-letter-date":
            return [
                {"letter": one.letter, "dated_on": str(asking.today), "reason": W} for one in case.letters
            ]
        case "renew-calendars":
            return [{"reason": W}]
        case "move-to-version":
            return [{"version": 2}]
        case "link":
            return [{"other": "other", "relation": "same matter"}]
        case "unlink" | "merge" | "unmerge":
            return [{"other": "other"}]
        case _:
            return [dict.fromkeys(_WORDS.get(command, ()), W)]


_WORDS: Mapping[str, tuple[str, ...]] = {
    "ask-information": ("question",),
    "react": ("reaction",),
    "propose": ("proposal",),
    "record-refusal": (),
    "excuse-lateness": ("reason",),
    "write-hearing-record": ("record",),
    "reopen": ("reason",),
}
