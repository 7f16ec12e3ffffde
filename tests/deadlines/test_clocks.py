"""What becomes of a promise: set, warned about, met, disputed, breached, and each of these told once."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from deadline_stories import (
    CONFIRM,
    EASTER,
    EASTER_LENIENT,
    EASTER_STRICT,
    JUNE,
    JUNE_DUE,
    SECOND,
    ZONE,
    Story,
    letter,
    opened,
    opened_case,
    received,
    recorded,
    told,
)
from deadlines.look import next_look, settle
from events.catalogue import (
    DeadlineBreached,
    DeadlineMet,
    DeadlineSet,
    DeadlineWarned,
    Moment,
    ReportClassified,
    TargetMissed,
)
from events.errors import MalformedEvent
from events.record.envelope import History, NewEvent
from procedures.counting.zones import TIMEZONE_DATA

STRICT = Moment(on=date(2026, 4, 10), at=EASTER_STRICT)
LENIENT = Moment(on=date(2026, 4, 13), at=EASTER_LENIENT)
TARGET = msgspec.structs.replace(CONFIRM, clock="ING-2", kind="target")
WINDOW = msgspec.structs.replace(
    CONFIRM, clock="ING-5", kind="window", binds="customer", satisfied_by=("solved",)
)
AFTER_THE_LETTER = msgspec.structs.replace(
    CONFIRM, clock="PRE-4", starts="acknowledgement arrived", satisfied_by=("solved",)
)


# --- setting ---------------------------------------------------------------------------------------------


def test_opening_a_case_sets_its_clocks_in_the_order_of_the_rules() -> None:
    """As soon as a case is open, every promise that already runs has its date, with how it was found."""
    story = Story()
    story.tell(received(EASTER), EASTER)
    story.tell(opened(date(2026, 4, 2), CONFIRM, TARGET), EASTER)

    found = story.look(EASTER + SECOND)

    assert ["PRE-1", "ING-2"] == [new.event.clock for new in found if isinstance(new.event, DeadlineSet)]
    first = found[0].event
    assert isinstance(first, DeadlineSet)
    assert (STRICT, LENIENT, "strict") == (first.strict, first.lenient, first.working)
    assert (ZONE, TIMEZONE_DATA, CONFIRM) == (first.zone, first.timezone_data, first.rule)
    assert [LENIENT, STRICT] == [reading.ends for reading in first.readings]
    assert found[0].happened_at == EASTER + SECOND


def test_the_day_of_receipt_counts_and_not_the_day_of_opening() -> None:
    """A complaint of Thursday that is opened on Tuesday has the deadline of Thursday's complaint."""
    story = Story()
    story.tell(received(EASTER), EASTER)
    story.tell(opened(date(2026, 4, 2), CONFIRM), EASTER + timedelta(days=5))

    (found,) = story.look(EASTER + timedelta(days=5))

    assert isinstance(found.event, DeadlineSet)
    assert found.event.strict == STRICT


def test_a_clock_waits_for_the_fact_that_starts_it() -> None:
    """A term that runs from a letter has no date before the letter has arrived."""
    story = opened_case(CONFIRM, AFTER_THE_LETTER, at=JUNE)
    before = story.clocks.outcome("PRE-4")
    story.tell(letter(), datetime(2026, 6, 3, 22, 30, tzinfo=UTC))

    found = story.look(datetime(2026, 6, 4, 8, 0, tzinfo=UTC))

    assert before == "waiting"
    assert [type(new.event) for new in found] == [DeadlineSet, DeadlineMet]
    assert isinstance(found[0].event, DeadlineSet)
    assert found[0].event.readings[0].starts_on == date(2026, 6, 4)  # half past midnight in Amsterdam


def test_nothing_is_set_before_the_case_is_open() -> None:
    """A complaint that nobody opened yet has no clocks."""
    story = Story()
    story.tell(received(EASTER), EASTER)

    assert () == story.look(EASTER + timedelta(days=90))
    assert next_look(story.history) is None


def test_a_later_classification_brings_its_clocks() -> None:
    """A report that turns out to be a complaint gets the complaint's clocks, dated from receipt as ever."""
    story = opened_case(CONFIRM)
    story.tell(
        ReportClassified(
            kind="complaint", by="person", because="a person's reason", clocks=(CONFIRM, TARGET)
        ),
        EASTER + timedelta(days=3),
    )

    (found,) = story.look(EASTER + timedelta(days=3, hours=1))

    assert isinstance(found.event, DeadlineSet)
    assert ("ING-2", STRICT) == (found.event.clock, found.event.strict)


# --- meeting ---------------------------------------------------------------------------------------------


def test_a_letter_that_arrives_in_time_meets_the_duty() -> None:
    """The confirmation went out on the first day: promise kept."""
    story = opened_case()
    story.tell(letter(), EASTER + timedelta(hours=1))

    (found,) = story.look(EASTER + timedelta(hours=2))

    expected = DeadlineMet(
        clock="PRE-1",
        kind="duty",
        fact="acknowledgement arrived",
        by_version=4,
        met_at=EASTER + timedelta(hours=1),
        standing="in time",
        late_by_s=0,
    )
    assert expected == found.event
    assert found.happened_at == EASTER + timedelta(hours=1)
    assert next_look(story.history) is None


def test_a_letter_that_happened_in_time_but_was_recorded_late_is_in_time() -> None:
    """What counts is when the letter arrived, not when somebody wrote it down."""
    story = opened_case()
    story.tell(letter(), EASTER_STRICT - SECOND, recorded_at=EASTER_LENIENT + timedelta(days=2))

    found = story.look(EASTER_LENIENT + timedelta(days=2))

    assert [("DeadlineMet", EASTER_STRICT - SECOND)] == told(found)
    assert story.clocks.outcome("PRE-1") == "met in time"


def test_met_is_strictly_before_the_due_instant() -> None:
    """At midnight itself the day is over."""
    story = opened_case(at=JUNE)
    story.tell(letter(), JUNE_DUE)

    found = story.look(JUNE_DUE)

    assert ["DeadlineBreached", "DeadlineMet"] == [new.event.type for new in found]
    assert story.clocks.outcome("PRE-1") == "met late"


def test_a_letter_between_the_two_readings_is_disputed() -> None:
    """Late for who works on Good Friday, in time for who does not: both views are told."""
    story = opened_case()
    story.tell(letter(), EASTER_STRICT + timedelta(hours=2))

    found = story.look(EASTER_LENIENT + timedelta(days=1))

    assert [
        ("DeadlineBreached", EASTER_STRICT),
        ("DeadlineMet", EASTER_STRICT + timedelta(hours=2)),
    ] == told(found)
    assert isinstance(found[1].event, DeadlineMet)
    assert ("disputed", 7200) == (found[1].event.standing, found[1].event.late_by_s)
    assert story.clocks.outcome("PRE-1") == "met in dispute"


def test_a_late_fulfilment_is_met_with_its_lateness_and_the_breach_stays() -> None:
    """The letter came after all: that is told, and so remains that it came too late."""
    story = opened_case(at=JUNE)
    story.look(JUNE_DUE)
    story.tell(letter(), JUNE_DUE + timedelta(days=1))

    (found,) = story.look(JUNE_DUE + timedelta(days=1, hours=1))

    assert isinstance(found.event, DeadlineMet)
    assert ("late", 86_400) == (found.event.standing, found.event.late_by_s)
    assert "DeadlineBreached" in [event.type for event in story.history.events]
    assert story.clocks.outcome("PRE-1") == "met late"


def test_a_breach_that_was_told_too_soon_stays_and_the_clock_ends_in_time() -> None:
    """A letter of before the deadline is recorded after the breach: nothing is erased, the truth is added."""
    story = opened_case(at=JUNE)
    story.look(JUNE_DUE)
    story.tell(letter(), JUNE_DUE - SECOND, recorded_at=JUNE_DUE + SECOND)

    found = story.look(JUNE_DUE + timedelta(days=1))

    assert ["DeadlineMet"] == [new.event.type for new in found]
    assert "DeadlineBreached" in [event.type for event in story.history.events]
    assert story.clocks.outcome("PRE-1") == "met in time"


def test_an_earlier_letter_that_is_recorded_later_betters_the_record() -> None:
    """The second letter turns out to have been a repeat: the first one counts, whoever recorded it last."""
    story = opened_case(at=JUNE)
    story.tell(letter(), JUNE_DUE + timedelta(days=2))
    story.look(JUNE_DUE + timedelta(days=2))
    story.tell(letter(), JUNE_DUE - SECOND, recorded_at=JUNE_DUE + timedelta(days=3))

    (found,) = story.look(JUNE_DUE + timedelta(days=3))

    assert isinstance(found.event, DeadlineMet)
    assert "in time" == found.event.standing


def test_a_second_letter_changes_nothing() -> None:
    """A promise that was kept stays kept; a repeat is not told again."""
    story = opened_case(at=JUNE)
    story.tell(letter(), JUNE + timedelta(hours=2))
    story.look(JUNE + timedelta(hours=3))
    story.tell(letter(), JUNE + timedelta(hours=1), recorded_at=JUNE + timedelta(hours=4))
    story.tell(letter(), JUNE_DUE + SECOND)

    assert () == story.look(JUNE_DUE + timedelta(days=1))


def test_another_letter_does_not_meet_the_duty() -> None:
    """A notice of handling is no confirmation."""
    story = opened_case(at=JUNE)
    story.tell(letter("handling notice"), JUNE + timedelta(hours=1))

    found = story.look(JUNE_DUE)

    assert ["DeadlineBreached"] == [new.event.type for new in found]


# --- breaking --------------------------------------------------------------------------------------------


def test_nothing_breaks_a_second_before_it_is_due() -> None:
    """Until midnight there is time."""
    story = opened_case(at=JUNE)
    story.look(JUNE_DUE - timedelta(hours=1))

    assert () == story.look(JUNE_DUE - timedelta(microseconds=1))


def test_an_unmet_duty_is_breached_at_the_strict_moment() -> None:
    """The company works by the earliest defensible date: passing it is the breach, still disputed."""
    story = opened_case()
    story.look(EASTER_STRICT - timedelta(hours=1))

    (found,) = story.look(EASTER_STRICT)

    expected = DeadlineBreached(
        clock="PRE-1", binds="company", reading="strict", due=STRICT, beyond_dispute=False
    )
    assert expected == found.event
    assert found.happened_at == EASTER_STRICT
    assert story.clocks.outcome("PRE-1") == "broken in dispute"
    assert next_look(story.history) == EASTER_LENIENT


def test_the_latest_reading_puts_the_breach_beyond_dispute() -> None:
    """When the last defensible date has passed too, nobody can argue any more."""
    story = opened_case()
    story.look(EASTER_STRICT)
    between = story.look(EASTER_LENIENT - SECOND)

    (found,) = story.look(EASTER_LENIENT)

    expected = DeadlineBreached(
        clock="PRE-1", binds="company", reading="lenient", due=LENIENT, beyond_dispute=True
    )
    assert () == between
    assert expected == found.event
    assert story.clocks.outcome("PRE-1") == "broken"
    assert next_look(story.history) is None


def test_where_both_readings_fall_together_there_is_one_breach() -> None:
    """In June both calendars agree: one date, one breach."""
    story = opened_case(at=JUNE)
    story.look(JUNE_DUE - SECOND)

    (found,) = story.look(JUNE_DUE)

    due = Moment(on=date(2026, 6, 8), at=JUNE_DUE)
    expected = DeadlineBreached(clock="PRE-1", binds="company", reading="both", due=due, beyond_dispute=True)
    assert expected == found.event
    assert () == story.look(JUNE_DUE + timedelta(days=30))


def test_a_breach_noticed_late_still_happened_at_the_due_instant() -> None:
    """After a night without power the breach has the date on which the promise was broken."""
    story = opened_case()

    found = story.look(EASTER_LENIENT + timedelta(days=100))

    assert [("DeadlineBreached", EASTER_STRICT), ("DeadlineBreached", EASTER_LENIENT)] == told(found)


def test_a_complaint_entered_long_after_its_receipt_is_breached_at_once() -> None:
    """A letter that lay unopened for weeks was received all the same."""
    story = Story()
    story.tell(received(JUNE), JUNE, recorded_at=JUNE_DUE + timedelta(days=9))
    story.tell(opened(date(2026, 6, 1), CONFIRM), JUNE_DUE + timedelta(days=9))

    found = story.look(JUNE_DUE + timedelta(days=9, hours=1))

    assert ["DeadlineSet", "DeadlineBreached"] == [new.event.type for new in found]
    assert story.clocks.outcome("PRE-1") == "broken"


def test_a_target_is_missed_and_never_breached() -> None:
    """ "We aim to" is no promise: it is told in the same way, under its own name."""
    story = opened_case(TARGET)

    found = story.look(EASTER_LENIENT)

    expected = [
        TargetMissed(clock="ING-2", reading="strict", due=STRICT, beyond_dispute=False),
        TargetMissed(clock="ING-2", reading="lenient", due=LENIENT, beyond_dispute=True),
    ]
    assert expected == [new.event for new in found]


def test_a_customers_window_lapses_without_a_breach() -> None:
    """A complainant who does not object has broken no promise."""
    story = opened_case(WINDOW, at=JUNE)

    found = story.look(JUNE_DUE + timedelta(days=90))

    assert [("WindowLapsed", JUNE_DUE)] == told(found)
    assert () == story.look(JUNE_DUE + timedelta(days=91))
    assert next_look(story.history) is None
    assert story.clocks.outcome("ING-5") == "lapsed"


def test_a_customers_duty_breaks_by_the_latest_reading_only() -> None:
    """Towards the customer the friendliest date holds."""
    duty = msgspec.structs.replace(WINDOW, kind="duty")
    story = opened_case(duty)

    before = story.look(EASTER_LENIENT - SECOND)
    found = story.look(EASTER_LENIENT)

    assert () == before
    expected = DeadlineBreached(
        clock="ING-5", binds="customer", reading="lenient", due=LENIENT, beyond_dispute=True
    )
    assert [expected] == [new.event for new in found]


# --- warning ---------------------------------------------------------------------------------------------


def test_the_company_is_warned_once_before_a_duty_ends() -> None:
    """On the working day before, somebody is told that a promise is about to break."""
    story = opened_case()
    warn_at = next_look(story.history)
    assert warn_at is not None
    too_soon = story.look(warn_at - SECOND)

    (found,) = story.look(warn_at)

    assert () == too_soon
    assert datetime(2026, 4, 9, 6, 0, tzinfo=UTC) == warn_at
    assert DeadlineWarned(clock="PRE-1", due=STRICT) == found.event
    assert found.happened_at == warn_at
    assert () == story.look(warn_at + SECOND)
    assert next_look(story.history) == EASTER_STRICT


def test_no_warning_follows_a_breach() -> None:
    """Who notices only after the deadline is not warned any more."""
    story = opened_case()

    found = story.look(EASTER_STRICT)

    assert ["DeadlineBreached"] == [new.event.type for new in found]
    assert ["DeadlineBreached"] == [new.event.type for new in story.look(EASTER_LENIENT)]


def test_nobody_is_warned_about_a_promise_that_was_kept() -> None:
    """The letter has arrived: the warning is dropped."""
    story = opened_case()
    story.tell(letter(), EASTER + timedelta(hours=1))

    found = story.look(EASTER_STRICT - timedelta(hours=1))

    assert ["DeadlineMet"] == [new.event.type for new in found]


def test_a_warning_never_happened_before_its_clock_was_set() -> None:
    """A complaint entered on its last day is warned about on that day, not the day before."""
    entered_at = EASTER_STRICT - timedelta(hours=3)
    story = Story()
    story.tell(received(EASTER), EASTER, recorded_at=entered_at)
    story.tell(opened(date(2026, 4, 2), CONFIRM), entered_at)

    found = story.look(entered_at)

    assert [("DeadlineSet", entered_at), ("DeadlineWarned", entered_at)] == told(found)


# --- clocks that change, repeats, what cannot be read ----------------------------------------------------


@pytest.mark.parametrize(
    ("received_at", "due_at"),
    [
        (datetime(2026, 3, 23, 9, 0, tzinfo=UTC), datetime(2026, 3, 30, 22, 0, tzinfo=UTC)),
        (datetime(2026, 10, 19, 9, 0, tzinfo=UTC), datetime(2026, 10, 26, 23, 0, tzinfo=UTC)),
    ],
    ids=["summer time begins", "summer time ends"],
)
def test_a_deadline_is_midnight_on_the_wall_also_when_the_clocks_change(
    received_at: datetime, due_at: datetime
) -> None:
    """Over the weekend on which the clocks change, five working days still end at midnight."""
    story = opened_case(at=received_at)
    story.look(due_at - timedelta(hours=1))

    before, after = story.look(due_at - SECOND), story.look(due_at)

    assert () == before
    assert [("DeadlineBreached", due_at)] == told(after)


def test_settling_twice_gives_nothing() -> None:
    """However often somebody looks, everything is told once."""
    story = opened_case(CONFIRM, TARGET, AFTER_THE_LETTER)
    story.tell(letter(), EASTER_STRICT + SECOND)
    moments = [EASTER_STRICT - timedelta(days=1), EASTER_STRICT, EASTER_LENIENT + timedelta(days=60)]

    for now in moments:
        story.look(now)
        assert () == settle(story.history, now)


def test_an_unknown_event_stops_the_fold() -> None:
    """What a newer version wrote may be the very letter that was promised: nothing is decided without it."""
    story = opened_case(at=JUNE)
    strange = msgspec.structs.replace(letter())
    row = recorded(4, NewEvent(strange, JUNE), JUNE)
    object.__setattr__(row, "type", "PlanCarriedOut")
    history = History(story.history.case_id, (*story.history.events, row))

    with pytest.raises(MalformedEvent, match="PlanCarriedOut"):
        settle(history, JUNE_DUE)
