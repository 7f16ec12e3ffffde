"""Which recorded event gives which fact."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from events.catalogue import (
    CaseOpened,
    ComplaintReceived,
    Event,
    HearingAgreed,
    LetterRefused,
    LetterSent,
    encode,
)
from events.catalogue.words import LETTERS
from events.errors import MalformedEvent
from events.record.envelope import FeedPosition, Recorded
from procedures.counting.facts import FACTS, Fact, facts_in, facts_of, standing_facts

CASE = UUID("01930000-0000-7000-8000-000000000001")
AT = datetime(2026, 4, 2, 8, 15, tzinfo=UTC)


def recorded(event: Event, version: int = 1) -> Recorded:
    return Recorded(
        case_id=CASE,
        version=version,
        organisation="destiny",
        type=event.type,
        schema_version=event.schema_version,
        happened_at=AT,
        recorded_at=AT,
        actor="test",
        command_id=CASE,
        causation=None,
        correlation=CASE,
        traceparent=None,
        data=encode(event),
        pii=None,
        salt=b"",
        fields_root=b"",
        hash=b"",
        place=FeedPosition(1, 1, version),
    )


RECEIVED = ComplaintReceived(
    reference="DES-00000-00000-J",
    channel="email",
    channel_named=True,
    language="nl",
    nature="service",
    received_on=date(2026, 4, 2),
    reported_on=None,
    given=("description",),
    missing=(),
    reachable_by=("email",),
)


OPENED = CaseOpened(
    reference=RECEIVED.reference,
    procedure="preact",
    procedure_version=1,
    procedure_digest="",
    zone="Europe/Amsterdam",
    language="nl",
    handler="pre-01",
    team="Support",
    received_on=RECEIVED.received_on,
    clocks=(),
    letters=(),
)


def letter_sent(letter: str) -> LetterSent:
    return LetterSent(
        letter=letter,
        letter_id=CASE,
        message_id="<1@destiny.example>",
        channel="email",
        language="nl",
        dated_on=date(2026, 4, 2),
        contents=("date",),
        attempts=1,
    )


def test_a_complaint_starts_the_clocks_of_receipt() -> None:
    """The first fact of every case."""
    assert ("complaint received",) == facts_of(recorded(RECEIVED))


@pytest.mark.parametrize("letter", LETTERS)
def test_an_accepted_letter_is_both_sent_and_arrived(letter: str) -> None:
    """The recipient's server took it: dispatch and arrival in one moment."""
    given = facts_of(recorded(letter_sent(letter)))

    assert (f"{letter} sent", f"{letter} arrived", f"{letter} dated") == given[:3]


def test_a_refused_letter_gives_no_fact() -> None:
    """A letter that could not be delivered meets no duty."""
    refused = LetterRefused(
        letter="acknowledgement",
        letter_id=CASE,
        message_id="<1@destiny.example>",
        reply_code=550,
        stage="recipient",
        attempts=1,
    )

    assert () == facts_of(recorded(refused))


def test_an_unknown_letter_is_parked_and_not_overlooked() -> None:
    """An older service that meets a newer letter must not lose the fact for good."""
    with pytest.raises(MalformedEvent, match="unknown letter 'love letter'"):
        facts_of(recorded(letter_sent("love letter")))


def test_facts_carry_the_moment_as_stated_and_the_event_that_says_so() -> None:
    """A clock is met by what happened, not by when it was written down."""
    facts = facts_in([recorded(RECEIVED), recorded(letter_sent("acknowledgement"), 2)])

    assert facts == (
        Fact("complaint received", AT, 1, RECEIVED.received_on),
        Fact("acknowledgement sent", AT, 2),
        Fact("acknowledgement arrived", AT, 2),
        Fact("acknowledgement dated", AT, 2, date(2026, 4, 2)),
    )
    assert {fact.name for fact in facts} <= set(FACTS)


def test_a_talk_is_agreed_for_its_day_on_the_calendar_on_the_wall() -> None:
    """Half past midnight in Amsterdam belongs to the new day there, however the moment was written."""
    agreed = HearingAgreed(at=datetime(2026, 6, 9, 22, 30, tzinfo=UTC))
    told = [recorded(RECEIVED), recorded(OPENED, 2), recorded(agreed, 3)]

    assert Fact("hearing agreed", AT, 3, date(2026, 6, 10)) == facts_in(told)[-1]
    assert Fact("hearing agreed", AT, 3, date(2026, 6, 10)) == standing_facts(told).first("hearing agreed")
