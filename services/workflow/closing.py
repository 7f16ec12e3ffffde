"""Ending a case and going on after all: withdrawing, closing, reopening; letters by post; another version.

Events: ComplaintWithdrawn, CaseClosed, CaseReopened, LetterPosted, LetterBounced, CaseMovedToVersion.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, assert_never
from uuid import UUID

from msgspec import structs
from pydantic import Field

from cases.life import Stage
from cases.state import Case, ClockStatus, Letter
from events.catalogue import (
    CaseClosed,
    CaseMovedToVersion,
    CaseReopened,
    ClockRule,
    ComplaintWithdrawn,
    LetterBounced,
    LetterPosted,
)
from events.envelope import NewEvent
from events.errors import CommandRefused
from procedures.derivation import Derivation, derive
from procedures.facts import CERTAIN, COMPLAINT_RECEIVED, REOPENED, WITHDRAWN
from procedures.library import UnknownProcedure, procedure
from procedures.procedure import Procedure
from procedures.schedule import OpenEnd, Plan, Timed
from procedures.terms import Terms
from procedures.words import Letter as LetterName
from procedures.words import Need
from procedures.zones import civil_date
from workflow.case import has_complaint_terms
from workflow.known import Answered, Asking, Body, Channel, Known, Stated, Words, said
from workflow.objecting import window

Because = Literal["handled", "no response", "inadmissible"]
WAYS: tuple[Because, ...] = ("handled", "no response", "inadmissible")


class Withdraw(Body):
    """The complainant takes the complaint back."""

    channel: Channel
    reason: Words | None = None
    at: Stated = None


class Close(Body):
    """Close the case; it can be reopened."""

    because: Because


class Reopen(Body):
    """Go on with a closed case."""

    reason: Words


class RecordPosted(Body):
    """A printed letter went into the post."""

    letter: LetterName
    at: Stated = None


class RecordReturned(Body):
    """A letter that counted as arrived came back."""

    letter: LetterName
    how: Literal["email", "post"]
    at: Stated = None


class MoveToVersion(Body):
    """Let the case run under a newer version of its procedure, as that version declares."""

    version: int = Field(ge=1)


def _withdraw(case: Case, body: Withdraw, asking: Asking) -> Sequence[NewEvent]:
    at = asking.at(body.at, case)
    return [
        said(ComplaintWithdrawn(channel=body.channel), at, reason=body.reason),
        said(CaseClosed(because="withdrawn"), max(at, asking.now)),
    ]


def obstacle_to_closing(because: Because, case: Case, asking: Asking) -> str | None:
    """Tell why a case cannot be closed for this reason now; None when it can."""
    life = case.life
    match because:
        case "handled":
            if life.stage not in (Stage.ANSWERED, Stage.HEARD, Stage.DECIDED):
                return "the complaint is not answered yet"
            if owed := _still_owed(case, asking):
                return owed
            obstacles = (_unmet(need, case, asking) for need in sorted(asking.conduct.closes_when))
            return next((obstacle for obstacle in obstacles if obstacle is not None), None)
        case "no response":
            if life.waiting_since is None:
                return "the next move is not the complainant's"
            if life.reminders < asking.conduct.reminders:
                return f"they were reminded {life.reminders} of {asking.conduct.reminders} times"
            open_from = life.waiting_since + asking.conduct.answer_within
            if asking.now < open_from:
                return f"they may answer until {open_from.isoformat(timespec='minutes')}"
            return _still_owed(case, asking)
        case "inadmissible":
            if life.outcome == "inadmissible" or life.refused_with_route:
                return None
            return "nobody decided that it is inadmissible"
        case _:
            assert_never(because)


def _still_owed(case: Case, asking: Asking) -> str | None:
    """Name a promise of the organisation that still runs: a case is not closed to get out of one."""
    if not has_complaint_terms(case.kind):
        return None
    plans = asking.terms.plans()
    for clock, rule in asking.terms.rules.items():
        plan = plans[clock]
        is_promise = (rule.kind, rule.binds, rule.only_if_unmet) == ("duty", "company", None)
        if not is_promise or not isinstance(plan, Timed) or _is_met(rule, asking) or _is_ended(rule, asking):
            continue
        lenient = plan.derivation.lenient
        if asking.now < lenient.at:
            kept_by = " or ".join(repr(fact) for fact in rule.satisfied_by)
            return f"{clock} is promised until {lenient.on} and kept by {kept_by}"
    return None


def _unmet(need: Need, case: Case, asking: Asking) -> str | None:
    life = case.life
    match need:
        case "measures settled":
            return "measures are open: carry them out or drop them" if life.open_measures else None
        case "reported back":
            return "the solution is not reported back" if life.solved and not life.reported_back else None
        case "window over":
            return _window_open(case, asking)
        case "hearing recorded":
            held = life.objection is not None and life.objection.hearing == "held"
            recorded = life.objection is not None and life.objection.is_recorded
            return "the talk is not recorded in writing" if held and not recorded else None
        case "objection settled":
            return _objection_open(case, asking)
        case _:
            assert_never(need)


def _window_open(case: Case, asking: Asking) -> str | None:
    """A complainant who is satisfied, or has objected, needs no window any more."""
    life = case.life
    if life.satisfaction == "satisfied" or life.objection is not None or life.outcome is None:
        return None
    clock = window(case, asking)
    if clock is None:
        return "the response has not arrived yet, so the window of the objection has not begun"
    ended = clock.status in (ClockStatus.MET, ClockStatus.LAPSED, ClockStatus.DROPPED)
    if ended or asking.now >= clock.lenient.at:
        return None
    return f"the complainant may object until {clock.lenient.on}"


def _objection_open(case: Case, asking: Asking) -> str | None:
    objection = case.life.objection
    if objection is None or objection.satisfied or case.life.outer_route is not None:
        return None
    if objection.outcome is None:
        return "the objection is not settled"
    if asking.conduct.outer_route is not None and objection.outcome != "founded":
        return "the outer route is not named yet"
    return None


def _can_be_closed(case: Case, asking: Asking) -> str | None:
    obstacles: Mapping[str, str | None] = {
        because: obstacle_to_closing(because, case, asking) for because in WAYS
    }
    if None in obstacles.values():
        return None
    return "; ".join(f"not as {because!r}: {obstacle}" for because, obstacle in obstacles.items())


def _close(case: Case, body: Close, asking: Asking) -> Sequence[NewEvent]:
    obstacle = obstacle_to_closing(body.because, case, asking)
    if obstacle is not None:
        raise CommandRefused("not-to-be-closed", obstacle)
    return [said(CaseClosed(because=body.because), asking.now)]


def _reopen(case: Case, body: Reopen, asking: Asking) -> Sequence[NewEvent]:
    """No term begins anew: the texts promise none for a second time, and what was promised stays judged.

    Only of a complaint that was withdrawn and is taken up again the terms go on that nobody broke: those
    whose end is still to come as they were, those that ran out while nothing was owed from the reopening on.
    """
    return [said(CaseReopened(clocks=ran_out(asking)), asking.now, reason=body.reason)]


def ran_out(asking: Asking) -> tuple[ClockRule, ...]:
    """Give the company's terms that ran out while the complaint was withdrawn, counted from its reopening."""
    withdrawn = asking.terms.facts.first(WITHDRAWN)
    if withdrawn is None:
        return ()
    plans = asking.terms.plans()
    return tuple(
        structs.replace(rule, starts=REOPENED, starts_also=(), guard=None, alternatives=())
        for clock, rule in asking.terms.rules.items()
        if rule.binds == "company"
        and rule.term == "counted"
        and rule.starts in (*CERTAIN, REOPENED)
        and WITHDRAWN in rule.dropped_by
        and not _is_met(rule, asking)
        and isinstance(plan := plans[clock], Timed)
        and withdrawn.happened_at < plan.derivation.due.at <= asking.now
    )


def _is_met(rule: ClockRule, asking: Asking) -> bool:
    return any(asking.terms.facts.first(fact) is not None for fact in rule.satisfied_by)


def _is_ended(rule: ClockRule, asking: Asking) -> bool:
    return any(asking.terms.facts.first(fact) is not None for fact in rule.dropped_by)


def _letters(case: Case, *statuses: str) -> dict[str, Letter]:
    return {one.letter: one for one in case.letters if one.status in statuses and one.letter_id is not None}


def _has_printed(case: Case, asking: Asking) -> str | None:
    return None if _letters(case, "prepared", "returned") else "no printed letter waits to be posted"


def _posted(case: Case, body: RecordPosted, asking: Asking) -> Sequence[NewEvent]:
    letter = _named(body.letter, _letters(case, "prepared", "returned"))
    at = asking.at(body.at, case, _ready_to_post(letter, asking))
    dated_on: date = letter.dated_on or civil_date(at, asking.procedure.zone)
    event = LetterPosted(
        letter=letter.letter,
        letter_id=_id(letter),
        dated_on=dated_on,
        period_until=letter.period_until,
    )
    return [said(event, at)]


def _ready_to_post(letter: Letter, asking: Asking) -> Answered | None:
    """Say since which day a letter could be posted: posting is often known by its day only."""
    if letter.status == "prepared":
        return None if letter.dated_on is None else Answered("the letter was made", letter.dated_on)
    arrival = f"{letter.letter} arrived"
    back = [one for one in asking.terms.facts.revoked if one.fact.name == arrival]
    if not back:
        return None
    came_back = max(back, key=lambda one: one.by_version)
    return Answered("the letter came back", civil_date(came_back.at, asking.procedure.zone))


def _has_left(case: Case, asking: Asking) -> str | None:
    return None if _letters(case, "sent") else "no letter has left that could come back"


def _returned(case: Case, body: RecordReturned, asking: Asking) -> Sequence[NewEvent]:
    letter = _named(body.letter, _letters(case, "sent"))
    event = LetterBounced(letter=letter.letter, letter_id=_id(letter), how=body.how)
    left = asking.answered(f"{letter.letter} sent", "the letter left")
    return [said(event, asking.at(body.at, case, left))]


def _named(name: str, letters: Mapping[str, Letter]) -> Letter:
    if name not in letters:
        raise CommandRefused("no-such-letter", f"these can be meant: {', '.join(letters)}")
    return letters[name]


def _id(letter: Letter) -> UUID:
    if letter.letter_id is None:
        raise ValueError(f"the letter {letter.letter} has no identifier yet: nobody wrote it")
    return letter.letter_id


def _move(case: Case, body: MoveToVersion, asking: Asking) -> Sequence[NewEvent]:
    """A running case keeps its version unless the newer one declares otherwise."""
    old = asking.procedure
    if body.version <= old.version:
        raise CommandRefused("not-newer", f"the case runs under version {old.version}")
    try:
        new = procedure(old.id, body.version)
    except UnknownProcedure as unknown:
        raise CommandRefused("no-such-version", str(unknown)) from unknown
    if asking.today < new.in_force_from:
        raise CommandRefused(
            "not-in-force-yet", f"version {new.version} comes into force on {new.in_force_from}"
        )
    transition = new.conduct.running_cases
    match transition:
        case "keep":
            raise CommandRefused(
                "running-cases-keep", f"version {new.version} declares that running cases keep theirs"
            )
        case "at next stage":
            since = case.life.stage_since
            if since is None or civil_date(since, new.zone) < new.in_force_from:
                raise CommandRefused(
                    "not-at-this-stage",
                    f"version {new.version} takes over at the next stage: the case is in {case.life.stage} "
                    f"since before {new.in_force_from}",
                )
        case "most favourable":
            pass
        case _:
            assert_never(transition)
    event = CaseMovedToVersion(
        procedure_version=new.version,
        procedure_digest=new.digest,
        from_version=old.version,
        transition=transition,
        clocks=brought(case, new, asking, only_better=transition == "most favourable"),
    )
    return [said(event, asking.now)]


def brought(case: Case, new: Procedure, asking: Asking, *, only_better: bool) -> tuple[ClockRule, ...]:
    """Give the rules that a new version brings a running case; all others stay as they are.

    What is met or past is judged by the rule it ran under, and no rule comes whose term would be over
    already: a new version breaks no promise that was kept so far.
    """
    terms = asking.terms
    applies = new.clocks_for(case.received.nature)
    if not has_complaint_terms(case.kind):
        applies = tuple(rule for rule in applies if rule.clock in terms.rules)
    before = terms.plans()
    after = terms.plans({**terms.rules, **{rule.clock: rule for rule in applies}})
    found: list[ClockRule] = []
    for rule in applies:
        was, leads = terms.rules.get(rule.clock), after[rule.clock]
        if rule == was or _is_met(rule, asking) or _is_past(leads, asking.now):
            continue
        if was is not None and (_is_met(was, asking) or _is_past(before[rule.clock], asking.now)):
            continue
        old = None if was is None else (was, before[rule.clock])
        if only_better and not serves_better((rule, leads), old, terms):
            continue
        found.append(rule)
    return tuple(found)


def _is_past(plan: Plan, now: datetime) -> bool:
    return isinstance(plan, Timed) and plan.derivation.due.at <= now


Leads = tuple[ClockRule, Plan]
"""A rule, and where it leads in this case."""


def serves_better(new: Leads, old: Leads | None, terms: Terms) -> bool:
    """Tell whether a rule serves the complainant at least as well: the company sooner, the customer longer.

    Terms that run are compared by their ends, those that wait by where they would lead from the day of
    receipt. A rule that cannot be compared stays as it was, because nobody can say that it serves better.
    """
    rule, leads = new
    if old is None:
        return rule.binds == "company" or rule.kind in ("window", "right")
    was, led = old
    if rule.binds != was.binds or (rule.kind, was.kind) not in _NO_WORSE:
        return False
    if isinstance(leads, Timed) and isinstance(led, Timed):
        return _ends_better(rule, leads.derivation, led.derivation)
    if isinstance(leads, Timed) or isinstance(led, Timed):
        return isinstance(leads, Timed) and isinstance(led, OpenEnd) and rule.binds == "company"
    if (rule.term, rule.starts) != (was.term, was.starts) or rule.term != "counted":
        return False
    received_on = terms.known.days[COMPLAINT_RECEIVED]
    return _ends_better(rule, derive(rule, received_on, terms.zone), derive(was, received_on, terms.zone))


_NO_WORSE = {
    ("duty", "duty"),
    ("duty", "target"),
    ("target", "target"),
    ("window", "window"),
    ("right", "right"),
}
"""Kinds of clocks, new and old: a promise in the place of a target serves better, the other way round not."""


def _ends_better(rule: ClockRule, new: Derivation, old: Derivation) -> bool:
    if rule.binds == "company":
        return new.strict.on <= old.strict.on and new.lenient.on <= old.lenient.on
    return new.strict.on >= old.strict.on and new.lenient.on >= old.lenient.on


COMMANDS: tuple[Known, ...] = (
    Known("withdraw", "Record that the complainant takes the complaint back.", Withdraw, _withdraw),
    Known("close", "Close the case.", Close, _close, _can_be_closed),
    Known("reopen", "Go on with a closed case.", Reopen, _reopen),
    Known("record-posted", "Record that a printed letter was posted.", RecordPosted, _posted, _has_printed),
    Known("record-returned", "Record that a letter came back.", RecordReturned, _returned, _has_left),
    Known("move-to-version", "Move the case to a newer version of its procedure.", MoveToVersion, _move),
)
