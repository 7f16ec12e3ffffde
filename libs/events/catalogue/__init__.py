"""Every event of the platform: a file for each part of a case's life, in each event what it means.

Names and fields are the stored format: a name is never reused or renamed, a meaning never changes. A field
may be added with a default; anything else is a new `schema_version` with an upcaster in `upcasters.py`.
`data` holds nothing personal: what concerns a person goes into the encrypted part, by the slots that
`personal` names per event. Readers ignore fields they do not know; writers are exact. No floating point.
"""

from collections.abc import Mapping

import msgspec

from events.canonical import to_json
from events.catalogue.answering import (
    ComplainantReminded,
    ComplaintHandled,
    ComplaintSolved,
    OutcomeDecided,
    ProposalAccepted,
    ProposalRefused,
    SatisfactionAnswered,
    SatisfactionAsked,
    SolutionProposed,
    SolutionReportedBack,
)
from events.catalogue.clocks import (
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Moment,
    NormPassed,
    OpenEndedSet,
    Reading,
    Step,
    TargetMissed,
    WindowLapsed,
)
from events.catalogue.closing import (
    CaseClosed,
    CaseReopened,
    ComplaintWithdrawn,
)
from events.catalogue.correcting import (
    LetterDateCorrected,
    ReceiptCorrected,
)
from events.catalogue.erasing import ErasureRequested, SubjectErased
from events.catalogue.event import ABOUT, COMPLAINANT, ERASED, Erased, Event, Personal, Value
from events.catalogue.handling import (
    ConsultationAnswered,
    ConsultationAsked,
    ContactAttempted,
    ContactMade,
    MeasureAgreed,
    MeasureCarriedOut,
    MeasureDropped,
    PlanMade,
    ReactionGiven,
    TalkHeld,
    TalkInvited,
    TermExtended,
)
from events.catalogue.letters import (
    LetterBounced,
    LetterPosted,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
)
from events.catalogue.linking import (
    CaseAbsorbed,
    CaseLinked,
    CaseMerged,
    CaseReleased,
    CaseUnlinked,
    CaseUnmerged,
)
from events.catalogue.objecting import (
    HearingAgreed,
    HearingHeld,
    HearingInvited,
    HearingRecorded,
    HearingWaived,
    LatenessExcused,
    ObjectionDecided,
    ObjectionLodged,
    OuterRouteNamed,
    OuterRouteTaken,
)
from events.catalogue.opening import (
    CaseAssigned,
    CaseEscalated,
    CaseOpened,
    ExternalRecordWritten,
    HandedOverAsIncident,
    InformalStageNoted,
    InformationAsked,
    InformationReceived,
    RefusedWithRoute,
    ReportClassified,
)
from events.catalogue.receiving import (
    ComplainantWrote,
    ComplaintReceived,
)
from events.catalogue.rules import Alternative, ClockRule, Guard
from events.catalogue.upcasters import upcast
from events.catalogue.versioning import (
    CalendarsRenewed,
    CaseMovedToVersion,
)
from events.errors import MalformedEvent

# This order is that of `asyncapi.json`. Keep it, so that a change of that file shows only what is new.
CATALOGUE: Mapping[str, type[Event]] = {
    event.__name__: event
    for event in (
        ComplaintReceived,
        ComplainantWrote,
        ReportClassified,
        CaseOpened,
        InformalStageNoted,
        InformationAsked,
        InformationReceived,
        CaseAssigned,
        CaseEscalated,
        ConsultationAsked,
        ConsultationAnswered,
        ContactMade,
        ContactAttempted,
        TalkInvited,
        TalkHeld,
        ReactionGiven,
        PlanMade,
        TermExtended,
        SolutionProposed,
        ProposalAccepted,
        ProposalRefused,
        OutcomeDecided,
        MeasureAgreed,
        MeasureCarriedOut,
        MeasureDropped,
        ComplaintSolved,
        SolutionReportedBack,
        SatisfactionAsked,
        SatisfactionAnswered,
        ComplainantReminded,
        ExternalRecordWritten,
        RefusedWithRoute,
        HandedOverAsIncident,
        ComplaintHandled,
        ObjectionLodged,
        LatenessExcused,
        HearingInvited,
        HearingAgreed,
        HearingHeld,
        HearingWaived,
        HearingRecorded,
        ObjectionDecided,
        OuterRouteNamed,
        OuterRouteTaken,
        ComplaintWithdrawn,
        CaseClosed,
        CaseReopened,
        CaseLinked,
        CaseUnlinked,
        CaseMerged,
        CaseUnmerged,
        CaseAbsorbed,
        CaseReleased,
        CaseMovedToVersion,
        LetterPosted,
        LetterBounced,
        ReceiptCorrected,
        LetterDateCorrected,
        CalendarsRenewed,
        DeadlineSet,
        DeadlineMoved,
        DeadlineDropped,
        DeadlineReopened,
        OpenEndedSet,
        NormPassed,
        WindowLapsed,
        DeadlineWarned,
        DeadlineMet,
        DeadlineBreached,
        TargetMissed,
        LetterSent,
        LetterPrepared,
        LetterRefused,
        LetterUncertain,
        ErasureRequested,
        SubjectErased,
    )
}

_decoders = {name: msgspec.json.Decoder(event) for name, event in CATALOGUE.items()}


def encode(event: Event) -> bytes:
    """Write the part of an event that holds nothing personal, as the canonical bytes that are stored."""
    return to_json(event)


def decode(name: str, schema_version: int, data: bytes) -> Event:
    """Read stored bytes as today's event, upcast where they are older.

    Raises `MalformedEvent` for an unknown name, a newer version or bytes that do not fit: the caller
    parks the event with that reason.
    """
    event = CATALOGUE.get(name)
    if event is None:
        raise MalformedEvent(f"unknown event type {name!r}: deploy the version that knows it, then retry")
    if schema_version > event.schema_version:
        raise MalformedEvent(
            f"{name} has schema version {schema_version}, this code reads up to {event.schema_version}: "
            "deploy the newer version, then retry"
        )
    if schema_version < event.schema_version:
        data = upcast(name, schema_version, data)
    try:
        return _decoders[name].decode(data)
    except msgspec.MsgspecError as error:
        raise MalformedEvent(f"{name} version {schema_version} does not fit: {error}") from error
