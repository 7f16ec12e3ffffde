"""The closed words of the stored events: each set is defined once, for every library and service.

An alias names what its words mean, and no two aliases hold the same words. A word may be added: every stored
event stays readable. A word that was ever stored is never taken away and never gets another meaning. The
words that only the files of the procedures use are in `procedures.words`, with the checks of all of them.
"""

from typing import Literal, get_args

ReportKind = Literal["complaint", "incident", "both", "neither"]
"""What a report is."""

ClassifiedBy = Literal["rule", "person"]

Channel = Literal["portal", "email", "phone", "meeting", "letter", "api"]
"""How something came in, or was said."""

MessageSource = Literal["link", "channel"]
"""Who sent a message: whoever holds the signed link, or a channel that brings a token."""

Nature = Literal["technical", "support", "incident", "service", "communication", "billing", "other"]
"""What a complaint is about."""

Language = Literal["nl", "en"]

ComplaintField = Literal[
    "description",
    "name",
    "company",
    "role",
    "email",
    "phone",
    "address",
    "reachability",
    "reported_on",
    "references",
    "about_name",
    "about_function",
]
"""What a procedure may ask of a complainant."""

InformalResult = Literal["solved", "not solved", "still tried"]
AssignmentReason = Literal["conflict of interest", "absence", "workload", "expertise"]
RecordChange = Literal["registered", "updated", "closed"]
"""What was done in another recording system."""

ContactWay = Literal["phone", "in person", "email"]
TalkWay = Literal["phone", "in person"]
InvitationWay = Literal["letter", "phone", "in person"]
ReturnWay = Literal["email", "post"]
"""How a letter that had left came back."""

ConsultedParty = Literal["staff", "supplier"]

Outcome = Literal["founded", "partly founded", "unfounded", "inadmissible"]
"""How a complaint, or an objection, was decided."""

Satisfaction = Literal["satisfied", "partly satisfied", "dissatisfied"]
AwaitedReply = Literal["information", "proposal", "answer", "hearing"]
"""What a reminder reminds the complainant of."""

WaiverReason = Literal["declined", "did not come"]

ClosingReason = Literal["handled", "withdrawn", "no response", "handed over", "inadmissible", "merged"]
LinkRelation = Literal[
    "same matter", "incident of this complaint", "complaint about this incident", "earlier case"
]
VersionTransition = Literal["at next stage", "most favourable"]
"""By which declaration of the newer version a running case moved to it."""

ClockKind = Literal["duty", "target", "window", "right"]
Party = Literal["company", "customer"]
"""Whom a clock binds."""

Unit = Literal["working days", "days", "weeks"]
TermMethod = Literal["counted", "counted back", "told", "none"]
"""How the end of a clock is found; see `ClockRule`."""

StartChoice = Literal["earliest", "latest"]
"""Which of several facts starts a term."""

WorkingReading = Literal["strict", "lenient"]
"""The end by which who is bound should act."""

PassedReading = Literal["strict", "lenient", "both"]
"""The reading whose moment passed unmet."""

Punctuality = Literal["in time", "disputed", "late"]
"""How the moment that met a clock compares with both readings."""

LetterName = Literal[
    "acknowledgement",
    "receipt",
    "handling notice",
    "request for information",
    "substantive reaction",
    "plan",
    "invitation",
    "talk confirmation",
    "delay notice",
    "proposal",
    "response",
    "objection receipt",
    "objection too late",
    "hearing invitation",
    "hearing record",
    "board decision",
    "reminder",
    "refusal with route",
    "handed over as incident",
    "withdrawal confirmation",
    "reopening notice",
    "closing notice",
]
"""The letters that a procedure file may name."""

SmtpStage = Literal["connect", "mail from", "recipient", "data", "address"]
"""How far a conversation with a mail server was when it refused."""

ErasureBasis = Literal["request", "retention", "objection", "order"]

REPORT_KINDS: tuple[ReportKind, ...] = get_args(ReportKind)
CHANNELS: tuple[str, ...] = get_args(Channel)
NATURES: tuple[str, ...] = get_args(Nature)
FIELDS: tuple[str, ...] = get_args(ComplaintField)

FORM_COPY = "form copy"
"""The filled-in form as it goes to the organisation's own inbox: recorded like a letter, and none.

No file names it among its letters, so no clock can wait for it; see `[form_copy]`.
"""

LETTERS: tuple[str, ...] = (*get_args(LetterName), FORM_COPY)
