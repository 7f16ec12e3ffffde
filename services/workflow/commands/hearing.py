"""Hearing the complainant about an objection, or before the answer where a procedure asks for that.

Events: HearingInvited, HearingAgreed, HearingHeld, HearingWaived, HearingRecorded. Whoever handled or decided
the complaint does not hear the objection.
"""

from collections.abc import Sequence

from cases.state import Case
from events.catalogue import (
    HearingAgreed,
    HearingHeld,
    HearingInvited,
    HearingRecorded,
    HearingWaived,
)
from events.catalogue.words import InvitationWay, TalkWay, WaiverReason
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import Answered, CommandContext
from workflow.commands.fields import AMoment, AStatedMoment, Body, Words
from workflow.commands.objecting import objection_of


class InviteToHearing(Body):
    """Invite the complainant to explain the objection."""

    how: InvitationWay
    at: AStatedMoment = None


class AgreeHearing(Body):
    """Record when the talk will be."""

    hearing_at: AMoment


class RecordHearing(Body):
    """The complainant was heard."""

    how: TalkWay
    satisfied: bool
    new_facts: bool = False
    at: AStatedMoment = None


class WaiveHearing(Body):
    """The complainant does without the talk."""

    because: WaiverReason
    at: AStatedMoment = None


class WriteHearingRecord(Body):
    """Record the talk in writing."""

    record: Words


def _may_invite(case: Case, context: CommandContext) -> str | None:
    objection = objection_of(case)
    if objection.late and not objection.excused:
        return "the objection came too late: excuse that, or decide it as inadmissible"
    return "the talk is agreed already" if objection.hearing == "agreed" else None


def _invite(case: Case, body: InviteToHearing, context: CommandContext) -> Sequence[NewEvent]:
    """A talk that a procedure asks for before any objection answers none."""
    lodged = context.answered("objection arrived", "the objection was lodged")
    at = context.at(body.at, case, None if case.life.objecting.objection is None else lodged)
    return [event_with_words(HearingInvited(by=context.person, how=body.how), at)]


def _is_invited(case: Case, context: CommandContext) -> str | None:
    return (
        None if objection_of(case).hearing in ("invited", "agreed") else "the complainant is not invited yet"
    )


def _agree(case: Case, body: AgreeHearing, context: CommandContext) -> Sequence[NewEvent]:
    if body.hearing_at < context.now:
        raise CommandRefused(
            "in-the-past", "a talk is agreed for a moment to come: record it when it was held"
        )
    return [event_with_words(HearingAgreed(at=body.hearing_at), context.now)]


def _held(case: Case, body: RecordHearing, context: CommandContext) -> Sequence[NewEvent]:
    event = HearingHeld(by=context.person, how=body.how, satisfied=body.satisfied, new_facts=body.new_facts)
    return [event_with_words(event, context.at(body.at, case, _invitation(case)))]


def _waive(case: Case, body: WaiveHearing, context: CommandContext) -> Sequence[NewEvent]:
    if body.because == "did not come" and objection_of(case).hearing != "agreed":
        raise CommandRefused("not-agreed", "nobody can miss a talk that was not agreed: say declined")
    return [
        event_with_words(HearingWaived(because=body.because), context.at(body.at, case, _invitation(case)))
    ]


def _invitation(case: Case) -> Answered | None:
    invited_at = objection_of(case).invited_at
    return None if invited_at is None else Answered("the complainant was invited", invited_at)


def _was_held(case: Case, context: CommandContext) -> str | None:
    objection = objection_of(case)
    if objection.hearing != "held":
        return "no talk was held that could be recorded"
    return "the talk is recorded already" if objection.is_recorded else None


def _write_record(case: Case, body: WriteHearingRecord, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(HearingRecorded(by=context.person), context.now, record=body.record)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "invite-to-hearing", "Invite the complainant to be heard.", InviteToHearing, _invite, _may_invite
    ),
    CommandSpec("agree-hearing", "Record when the talk will be.", AgreeHearing, _agree, _is_invited),
    CommandSpec(
        "record-hearing",
        "Record that the complainant was heard.",
        RecordHearing,
        _held,
        _is_invited,
        apart=True,
    ),
    CommandSpec(
        "waive-hearing",
        "Record that the complainant does without the talk.",
        WaiveHearing,
        _waive,
        _is_invited,
    ),
    CommandSpec(
        "write-hearing-record", "Record the talk in writing.", WriteHearingRecord, _write_record, _was_held
    ),
)
