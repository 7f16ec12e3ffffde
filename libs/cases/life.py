"""What people did about a case, folded: its stage, who acted, what is proposed, decided, agreed and owed.

Pure, and nothing of it is personal. Persons are pseudonyms. Reopening begins a new round: what was decided
before stays in the history and in `deciders`, but is no longer how the case stands.
"""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from events import catalogue as told
from events.catalogue import Event
from events.catalogue.words import Outcome


class Stage(StrEnum):
    """Where a case is on its way: what is the next move, and whose."""

    RECEIVED = "received"
    HANDLING = "handling"
    PROPOSED = "proposed"
    AGREED = "agreed"
    ANSWERED = "answered"
    OBJECTION = "objection"
    HEARD = "heard"
    DECIDED = "decided"
    CLOSED = "closed"
    MERGED = "merged"


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Something agreed, with who answers for it and by when; the words lie in the encrypted part."""

    measure: int
    owner: str
    due_on: date
    status: Literal["open", "carried out", "dropped"] = "open"


class External(msgspec.Struct, frozen=True, kw_only=True):
    """How the case stands in another recording system, and whether it changed here since."""

    system: str
    number: str
    what: str
    is_current: bool = True


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """An objection and how far it is; `hearing` is "none" until the board invites."""

    late: bool
    channel: str = ""
    channel_named: bool = True
    excused: bool = False
    hearing: Literal["none", "invited", "agreed", "held", "waived"] = "none"
    invited_at: datetime | None = None
    satisfied: bool | None = None
    new_facts: bool = False
    is_recorded: bool = False
    outcome: Outcome | None = None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """The life of a case so far."""

    stage: Stage = Stage.RECEIVED
    stage_since: datetime | None = None
    before_merge: Stage | None = None
    version: int | None = None
    digest: str | None = None
    """The procedure version that its rules come from now, and the digest of its file."""
    handler: str | None = None
    handlers: tuple[str, ...] = ()
    """Everybody who ever had the case, or did something about its substance."""
    deciders: tuple[str, ...] = ()
    """Everybody who decided on its outcome, in any round."""
    given: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    asked: tuple[str, ...] | None = None
    messages: int = 0
    was_informal: bool = False
    contacts: int = 0
    contacted_at: datetime | None = None
    """When somebody last spoke with the complainant."""
    attempts: int = 0
    talks: int = 0
    consultations: tuple[int, ...] = ()
    """Numbers of those that are not answered yet."""
    consulted: int = 0
    level: int = 0
    plan_until: date | None = None
    extensions: int = 0
    reactions: int = 0
    proposals: int = 0
    accepted: bool = False
    outcome: Outcome | None = None
    solved: bool = False
    reported_back: bool = False
    handled: bool = False
    refused_with_route: bool = False
    handed_over: bool = False
    reminders: int = 0
    waiting_since: datetime | None = None
    """Since when the next move is the complainant's."""
    satisfaction: str | None = None
    measures: tuple[Measure, ...] = ()
    externals: tuple[External, ...] = ()
    objection: Objection | None = None
    hearing: Objection | None = None
    """A talk that a procedure asks for before any objection, as far as it is; never late."""
    outer_route: str | None = None
    outer_route_taken: bool = False
    withdrawn: bool = False
    closed_because: str | None = None
    reopened: int = 0
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @property
    def open_measures(self) -> tuple[Measure, ...]:
        return tuple(measure for measure in self.measures if measure.status == "open")

    @property
    def links_to(self) -> frozenset[str]:
        return frozenset(other for other, _ in self.links)


UNBORN = Life()
"""The life of a case that nothing happened to yet."""


def live(life: Life, event: Event, at: datetime) -> Life:
    """Take one more event into account; those that tell nothing about a life change nothing."""
    step = _STEPS.get(type(event))
    if step is None:
        return life
    after: Life = step(life, event, at)
    if after.stage != life.stage:
        after = replace(after, stage_since=at)
    if type(event) in _CHANGES_THE_RECORD and life.externals:
        stale = tuple(replace(one, is_current=False) for one in after.externals)
        after = replace(after, externals=stale)
    return after


def _received(life: Life, event: told.ComplaintReceived, at: datetime) -> Life:
    return replace(life, given=event.given, missing=event.missing)


def _opened(life: Life, event: told.CaseOpened, at: datetime) -> Life:
    return replace(
        life,
        stage=Stage.HANDLING,
        version=event.procedure_version,
        digest=event.procedure_digest,
        handler=event.handler,
        handlers=(event.handler,),
    )


def _wrote(life: Life, event: told.ComplainantWrote, at: datetime) -> Life:
    return replace(_with_given(life, event.given, event.missing), messages=life.messages + 1)


def _informal(life: Life, event: told.InformalStageNoted, at: datetime) -> Life:
    return replace(life, was_informal=True)


def _asked(life: Life, event: told.InformationAsked, at: datetime) -> Life:
    return replace(life, asked=event.fields, reminders=0, waiting_since=at)


def _informed(life: Life, event: told.InformationReceived, at: datetime) -> Life:
    return _with_given(life, event.given, event.missing)


def _assigned(life: Life, event: told.CaseAssigned, at: datetime) -> Life:
    return replace(_by(life, event.handler), handler=event.handler)


def _escalated(life: Life, event: told.CaseEscalated, at: datetime) -> Life:
    return replace(_by(life, event.to), level=max(life.level, event.level))


def _consulted(life: Life, event: told.ConsultationAsked, at: datetime) -> Life:
    return replace(
        life, consulted=event.consultation, consultations=(*life.consultations, event.consultation)
    )


def _advised(life: Life, event: told.ConsultationAnswered, at: datetime) -> Life:
    left = tuple(number for number in life.consultations if number != event.consultation)
    return replace(life, consultations=left)


def _contacted(life: Life, event: told.ContactMade, at: datetime) -> Life:
    return replace(_by(life, event.by), contacts=life.contacts + 1, contacted_at=at)


def _attempted(life: Life, event: told.ContactAttempted, at: datetime) -> Life:
    return replace(life, attempts=life.attempts + 1)


def _invited(life: Life, event: told.TalkInvited, at: datetime) -> Life:
    life = _waiting(life, at)
    return life if event.how == "letter" else replace(life, contacts=life.contacts + 1, contacted_at=at)


def _talked(life: Life, event: told.TalkHeld, at: datetime) -> Life:
    life = replace(_by(life, event.by), contacts=life.contacts + 1, contacted_at=at)
    return replace(life, talks=life.talks + 1, waiting_since=None)


def _reacted(life: Life, event: told.ReactionGiven, at: datetime) -> Life:
    return replace(_by(life, event.by), reactions=life.reactions + 1)


def _planned(life: Life, event: told.PlanMade, at: datetime) -> Life:
    return replace(_by(life, event.by), plan_until=event.until, stage=Stage.HANDLING, **_NEW_TRY)


def _extended(life: Life, event: told.TermExtended, at: datetime) -> Life:
    return replace(life, extensions=event.occurrence)


def _proposed(life: Life, event: told.SolutionProposed, at: datetime) -> Life:
    """Who proposes in an objection is the board that hears it, and has not handled the complaint by that."""
    tried = life if life.objection is not None else _by(life, event.by)
    tried = replace(tried, proposals=event.proposal, stage=Stage.PROPOSED, **_NEW_TRY)
    return _waiting(tried, at)


def _accepted(life: Life, event: told.ProposalAccepted, at: datetime) -> Life:
    life = replace(life, accepted=True, waiting_since=None, reminders=0)
    if life.objection is None:
        return replace(life, stage=Stage.AGREED)
    return replace(life, stage=Stage.HEARD, objection=replace(life.objection, satisfied=True))


def _refused(life: Life, event: told.ProposalRefused, at: datetime) -> Life:
    stage = Stage.HANDLING if life.objection is None else Stage.HEARD
    return replace(life, accepted=False, stage=stage, waiting_since=None, reminders=0)


def _decided(life: Life, event: told.OutcomeDecided, at: datetime) -> Life:
    life = replace(_by(life, event.by), deciders=_with(life.deciders, event.by))
    return replace(_answered(replace(life, satisfaction=None)), outcome=event.outcome)


def _agreed_measure(life: Life, event: told.MeasureAgreed, at: datetime) -> Life:
    measure = Measure(measure=event.measure, owner=event.owner, due_on=event.due_on)
    return replace(life, measures=(*life.measures, measure))


def _measure(status: Literal["carried out", "dropped"]) -> Callable[[Life, Any, datetime], Life]:
    def step(life: Life, event: told.MeasureCarriedOut | told.MeasureDropped, at: datetime) -> Life:
        measures = tuple(
            replace(one, status=status) if one.measure == event.measure else one for one in life.measures
        )
        return replace(life, measures=measures)

    return step


def _solved(life: Life, event: told.ComplaintSolved, at: datetime) -> Life:
    return replace(_answered(_by(life, event.by)), solved=True)


def _reported(life: Life, event: told.SolutionReportedBack, at: datetime) -> Life:
    return replace(life, reported_back=True)


def _handled(life: Life, event: told.ComplaintHandled, at: datetime) -> Life:
    return replace(_answered(_by(life, event.by)), handled=True)


def _satisfaction_asked(life: Life, event: told.SatisfactionAsked, at: datetime) -> Life:
    return replace(_waiting(life, at), satisfaction="asked")


def _satisfaction(life: Life, event: told.SatisfactionAnswered, at: datetime) -> Life:
    return replace(life, satisfaction=event.answer, reminders=0, waiting_since=None)


def _reminded(life: Life, event: told.ComplainantReminded, at: datetime) -> Life:
    return replace(life, reminders=event.reminder)


def _external(life: Life, event: told.ExternalRecordWritten, at: datetime) -> Life:
    written = External(system=event.system, number=event.number, what=event.what)
    others = tuple(one for one in life.externals if one.system != event.system)
    return replace(life, externals=(*others, written))


def _routed(life: Life, event: told.RefusedWithRoute, at: datetime) -> Life:
    return replace(_waiting(life, at), refused_with_route=True)


def _handed_over(life: Life, event: told.HandedOverAsIncident, at: datetime) -> Life:
    return replace(life, handed_over=True)


def _objected(life: Life, event: told.ObjectionLodged, at: datetime) -> Life:
    return replace(
        life,
        stage=Stage.OBJECTION,
        objection=Objection(late=event.late, channel=event.channel, channel_named=event.channel_named),
        closed_because=None,
        withdrawn=False,
        waiting_since=None,
        reminders=0,
    )


def _excused(life: Life, event: told.LatenessExcused, at: datetime) -> Life:
    return _objection(life, excused=True)


def _hearing_invited(life: Life, event: told.HearingInvited, at: datetime) -> Life:
    return _waiting(_objection(life, hearing="invited", invited_at=at), at)


def _hearing_agreed(life: Life, event: told.HearingAgreed, at: datetime) -> Life:
    return replace(_objection(life, hearing="agreed"), waiting_since=None, reminders=0)


def _hearing_held(life: Life, event: told.HearingHeld, at: datetime) -> Life:
    heard = _objection(life, hearing="held", satisfied=event.satisfied, new_facts=event.new_facts)
    return replace(heard, stage=Stage.HEARD, waiting_since=None, reminders=0)


def _hearing_waived(life: Life, event: told.HearingWaived, at: datetime) -> Life:
    waived = _objection(life, hearing="waived", satisfied=False)
    return replace(waived, stage=Stage.HEARD, waiting_since=None, reminders=0)


def _recorded(life: Life, event: told.HearingRecorded, at: datetime) -> Life:
    return _objection(life, is_recorded=True)


def _objection_decided(life: Life, event: told.ObjectionDecided, at: datetime) -> Life:
    decided = _objection(life, outcome=event.outcome)
    return replace(decided, stage=Stage.DECIDED, waiting_since=None)


def _route_named(life: Life, event: told.OuterRouteNamed, at: datetime) -> Life:
    return replace(life, outer_route=event.route)


def _route_taken(life: Life, event: told.OuterRouteTaken, at: datetime) -> Life:
    return replace(life, outer_route=event.route, outer_route_taken=True)


def _withdrawn(life: Life, event: told.ComplaintWithdrawn, at: datetime) -> Life:
    return replace(life, withdrawn=True)


def _closed(life: Life, event: told.CaseClosed, at: datetime) -> Life:
    return replace(
        life,
        stage=Stage.CLOSED,
        closed_because=event.because,
        waiting_since=None,
        asked=None,
        consultations=(),
    )


def _reopened(life: Life, event: told.CaseReopened, at: datetime) -> Life:
    return replace(
        life,
        stage=Stage.HANDLING,
        closed_because=None,
        reopened=life.reopened + 1,
        objection=None,
        hearing=None,
        withdrawn=False,
        refused_with_route=False,
        handed_over=False,
        **_NEW_TRY,
    )


def _linked(life: Life, event: told.CaseLinked, at: datetime) -> Life:
    others = tuple(link for link in life.links if link[0] != event.other)
    return replace(life, links=(*others, (event.other, event.relation)))


def _unlinked(life: Life, event: told.CaseUnlinked, at: datetime) -> Life:
    return replace(life, links=tuple(link for link in life.links if link[0] != event.other))


def _merged(life: Life, event: told.CaseMerged, at: datetime) -> Life:
    return replace(life, stage=Stage.MERGED, before_merge=life.stage, merged_into=event.into)


def _unmerged(life: Life, event: told.CaseUnmerged, at: datetime) -> Life:
    return replace(life, stage=life.before_merge or Stage.HANDLING, before_merge=None, merged_into=None)


def _absorbed(life: Life, event: told.CaseAbsorbed, at: datetime) -> Life:
    return replace(life, absorbed=_with(life.absorbed, event.other))


def _released(life: Life, event: told.CaseReleased, at: datetime) -> Life:
    return replace(life, absorbed=tuple(other for other in life.absorbed if other != event.other))


def _moved(life: Life, event: told.CaseMovedToVersion, at: datetime) -> Life:
    return replace(life, version=event.procedure_version, digest=event.procedure_digest)


_NEW_TRY: dict[str, Any] = {
    "accepted": False,
    "outcome": None,
    "solved": False,
    "reported_back": False,
    "handled": False,
    "satisfaction": None,
    "reminders": 0,
    "waiting_since": None,
}
"""What a new plan, a new proposal or a new round begins without."""

_STEPS: dict[type[Event], Callable[[Life, Any, datetime], Life]] = {
    told.ComplaintReceived: _received,
    told.CaseOpened: _opened,
    told.ComplainantWrote: _wrote,
    told.InformalStageNoted: _informal,
    told.InformationAsked: _asked,
    told.InformationReceived: _informed,
    told.CaseAssigned: _assigned,
    told.CaseEscalated: _escalated,
    told.ConsultationAsked: _consulted,
    told.ConsultationAnswered: _advised,
    told.ContactMade: _contacted,
    told.ContactAttempted: _attempted,
    told.TalkInvited: _invited,
    told.TalkHeld: _talked,
    told.ReactionGiven: _reacted,
    told.PlanMade: _planned,
    told.TermExtended: _extended,
    told.SolutionProposed: _proposed,
    told.ProposalAccepted: _accepted,
    told.ProposalRefused: _refused,
    told.OutcomeDecided: _decided,
    told.MeasureAgreed: _agreed_measure,
    told.MeasureCarriedOut: _measure("carried out"),
    told.MeasureDropped: _measure("dropped"),
    told.ComplaintSolved: _solved,
    told.SolutionReportedBack: _reported,
    told.ComplaintHandled: _handled,
    told.SatisfactionAsked: _satisfaction_asked,
    told.SatisfactionAnswered: _satisfaction,
    told.ComplainantReminded: _reminded,
    told.ExternalRecordWritten: _external,
    told.RefusedWithRoute: _routed,
    told.HandedOverAsIncident: _handed_over,
    told.ObjectionLodged: _objected,
    told.LatenessExcused: _excused,
    told.HearingInvited: _hearing_invited,
    told.HearingAgreed: _hearing_agreed,
    told.HearingHeld: _hearing_held,
    told.HearingWaived: _hearing_waived,
    told.HearingRecorded: _recorded,
    told.ObjectionDecided: _objection_decided,
    told.OuterRouteNamed: _route_named,
    told.OuterRouteTaken: _route_taken,
    told.ComplaintWithdrawn: _withdrawn,
    told.CaseClosed: _closed,
    told.CaseReopened: _reopened,
    told.CaseLinked: _linked,
    told.CaseUnlinked: _unlinked,
    told.CaseMerged: _merged,
    told.CaseUnmerged: _unmerged,
    told.CaseAbsorbed: _absorbed,
    told.CaseReleased: _released,
    told.CaseMovedToVersion: _moved,
}

TELLING: frozenset[str] = frozenset(event.__name__ for event in _STEPS)
"""The types of the events that tell something about a life."""

_CHANGES_THE_RECORD: frozenset[type[Event]] = frozenset(
    {
        told.ReportClassified,
        told.CaseAssigned,
        told.PlanMade,
        told.OutcomeDecided,
        told.ComplaintSolved,
        told.HandedOverAsIncident,
        told.CaseClosed,
        told.CaseReopened,
    }
)
"""After these another recording system says something that is no longer so."""


def _by(life: Life, person: str) -> Life:
    return replace(life, handlers=_with(life.handlers, person)) if person else life


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _waiting(life: Life, at: datetime) -> Life:
    return replace(life, waiting_since=at, reminders=0)


def _answered(life: Life) -> Life:
    """An answer asks nothing of the complainant; only whether they are satisfied may be asked already."""
    if life.satisfaction == "asked":
        return replace(life, stage=Stage.ANSWERED)
    return replace(life, stage=Stage.ANSWERED, waiting_since=None, reminders=0)


def _with_given(life: Life, given: tuple[str, ...], missing: tuple[str, ...]) -> Life:
    """Add what was given, and end the waiting for it."""
    if life.asked is not None:
        life = replace(life, asked=None, reminders=0, waiting_since=None)
    return replace(life, given=tuple(dict.fromkeys((*life.given, *given))), missing=missing)


def _objection(life: Life, **changes: Any) -> Life:
    if life.objection is None:
        return replace(life, hearing=replace(life.hearing or Objection(late=False), **changes))
    return replace(life, objection=replace(life.objection, **changes))
