"""The judge itself: silent about a sound history, and loud about each mistake that is planted in one.

The history is a small one that the simulation made; each mistake changes the fewest lines that a broken
service would have changed.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache

import msgspec
import pytest

from chaos.checker import INVARIANTS, check
from chaos.oracle import ends
from chaos.record import (
    AnyLine,
    CanaryFound,
    DurableState,
    FaultMark,
    FeedRead,
    OutboxRow,
    ParkedCase,
    PoisonedCase,
    ProcessUsage,
    ReceivedMail,
    RecordedMove,
    RequestAnswered,
    RequestSent,
    RoleGrant,
    RunBegan,
    RunEnded,
    SmtpReply,
    StoredCheckpoint,
    StoredEvent,
    WorklistRow,
)  # fmt: skip
from chaos.sorted_history import sort_history
from interleaving_simulation import Simulation

Lines = list[AnyLine]
SEED = 5


@cache
def sound() -> tuple[AnyLine, ...]:
    """A history in which everything went well, with a worklist row per case beside it."""
    lines = [line for line in Simulation(SEED).run() if not isinstance(line, FaultMark | WorklistRow)]
    kept = [line for line in lines if not (isinstance(line, RequestAnswered) and line.status == 0)]
    cases = {line.case for line in kept if isinstance(line, StoredEvent)}
    rows: Lines = [
        WorklistRow(case=case, stored={"version": 7}, folded={"version": 7}) for case in sorted(cases)
    ]
    return (*kept, *rows)


def first(lines: Lines, kind: type, **wanted: object) -> int:
    """Find the first line of a kind with these values."""
    return next(
        i
        for i, line in enumerate(lines)
        if isinstance(line, kind) and all(getattr(line, name) == value for name, value in wanted.items())
    )


def changed(lines: Lines, at: int, **values: object) -> None:
    lines[at] = msgspec.structs.replace(lines[at], **values)


def end(lines: Lines, **values: object) -> None:
    changed(lines, first(lines, RunEnded), **values)


def loses_a_promise(lines: Lines) -> None:
    case = lines[first(lines, StoredEvent, type="ComplaintReceived")]
    assert isinstance(case, StoredEvent)
    lines[:] = [line for line in lines if getattr(line, "case", "") != case.case]


def stores_twice(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent, type="ComplaintReceived")]
    lines.append(msgspec.structs.replace(event, case="0" * 31 + "c"))


def stores_what_was_refused(lines: Lines) -> None:
    for i, line in enumerate(lines):
        if isinstance(line, RequestAnswered):
            changed(lines, i, outcome="fail", status=422, reference="")


def invents_a_complaint(lines: Lines) -> None:
    changed(lines, first(lines, StoredEvent, type="ComplaintReceived"), content="somebody else's")


def skips_a_version(lines: Lines) -> None:
    del lines[first(lines, StoredEvent, type="CaseOpened")]


def inverts_the_feed(lines: Lines) -> None:
    changed(lines, first(lines, StoredEvent, type="CaseOpened"), place=(1, 0, 0))


def hides_from_a_reader(lines: Lines) -> None:
    del lines[first(lines, FeedRead)]


def stops_a_reader_half_way(lines: Lines) -> None:
    reads = [line for line in lines if isinstance(line, FeedRead)]
    lines[:] = [line for line in lines if line not in reads[len(reads) // 2 :]]


def loses_a_key(lines: Lines) -> None:
    changed(lines, first(lines, StoredEvent, type="ComplaintReceived"), content="erased")


def changes_a_column(lines: Lines) -> None:
    changed(lines, first(lines, StoredEvent, type="CaseOpened"), hash_fits=False)


def grants_truncate(lines: Lines) -> None:
    lines.append(RoleGrant(role="gehoor_intake", privilege="TRUNCATE"))


def leaves_a_partition_behind(lines: Lines) -> None:
    for i, line in enumerate(lines):
        if isinstance(line, StoredCheckpoint):
            changed(lines, i, place=(0, 0, 0))


def sets_a_clock_twice(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent, type="DeadlineSet")]
    assert isinstance(event, StoredEvent)
    lines.append(msgspec.structs.replace(event, version=99))


def reacts_backwards(lines: Lines) -> None:
    at = first(lines, StoredEvent, type="DeadlineSet")
    event = lines[at]
    assert isinstance(event, StoredEvent)
    lines.append(msgspec.structs.replace(event, version=99, causation=f"{event.case}/1"))


def shows_an_old_row(lines: Lines) -> None:
    changed(lines, first(lines, WorklistRow), stored={"version": 3})


def breaks_early(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent, type=_a_breach(lines))]
    assert isinstance(event, StoredEvent)
    changed(lines, lines.index(event), recorded_s=event.happened_s - 60)


def breaks_twice(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent, type=_a_breach(lines))]
    lines.append(msgspec.structs.replace(event, version=99))


def never_tells(lines: Lines) -> None:
    del lines[first(lines, StoredEvent, type=_a_breach(lines))]


def forgets_summer_time(lines: Lines) -> None:
    at = next(
        i
        for i, line in enumerate(lines)
        if isinstance(line, StoredEvent)
        and line.type == "DeadlineSet"
        and line.data["strict"]["at"].endswith("22:00:00Z")
    )
    event = lines[at]
    assert isinstance(event, StoredEvent)
    on = event.data["strict"]["on"]
    changed(lines, at, data=event.data | {"strict": {"on": on, "at": f"{on}T23:00:00Z"}})


def works_at_easter(lines: Lines) -> None:
    at = next(
        i
        for i, line in enumerate(lines)
        if isinstance(line, StoredEvent)
        and line.type == "DeadlineSet"
        and line.data["rule"]["unit"] == "working days"
        and not line.data["readings"][0]["name"].startswith("calendar days")
    )
    event = lines[at]
    assert isinstance(event, StoredEvent)
    step = {"on": "2026-04-06", "counted": True, "why": "working day 9"}
    reading = event.data["readings"][0]
    readings = [reading | {"because": [*reading["because"], step]}]
    changed(lines, at, data=event.data | {"readings": readings})


def tells_late(lines: Lines) -> None:
    at = first(lines, StoredEvent, type=_a_breach(lines))
    event = lines[at]
    assert isinstance(event, StoredEvent)
    changed(lines, at, recorded_s=event.happened_s + 3600)


def shifts_every_day(lines: Lines) -> None:
    def later(moment: dict[str, str]) -> dict[str, str]:
        at = datetime.fromisoformat(moment["at"]) + timedelta(days=1)
        return {"on": str(date.fromisoformat(moment["on"]) + timedelta(days=1)), "at": at.isoformat()}

    for i, line in enumerate(lines):
        if isinstance(line, StoredEvent) and line.type == "DeadlineSet":
            readings = [one | {"ends": later(one["ends"])} for one in line.data["readings"]]
            ends = {name: later(line.data[name]) for name in ("strict", "lenient")}
            changed(lines, i, data=line.data | ends | {"readings": readings})
        if isinstance(line, StoredEvent) and line.type in ("DeadlineBreached", "TargetMissed"):
            changed(lines, i, happened_s=line.happened_s + 86_400, recorded_s=line.recorded_s + 86_400)


def counts_a_day_too_few(lines: Lines) -> None:
    at = first(lines, StoredEvent, type="DeadlineSet")
    event = lines[at]
    assert isinstance(event, StoredEvent)
    reading = event.data["readings"][0]
    counted = next(step for step in reading["because"] if step["counted"])
    readings = [reading | {"because": [step for step in reading["because"] if step != counted]}]
    changed(lines, at, data=event.data | {"readings": readings + event.data["readings"][1:]})


def tells_late_behind_a_flicker(lines: Lines) -> None:
    tells_late(lines)
    event = lines[first(lines, StoredEvent, type=_a_breach(lines))]
    assert isinstance(event, StoredEvent)
    due_s = sort_history(lines).wall_s(event.happened_s)
    lines.append(FaultMark(name="kill", begins=True, at_s=due_s))
    lines.append(FaultMark(name="kill", begins=False, what="deadlines", at_s=due_s + 0.1))


def never_hands_over(lines: Lines) -> None:
    lines[:] = [line for line in lines if not isinstance(line, ReceivedMail)]


def sends_what_no_event_tells(lines: Lines) -> None:
    mail = lines[first(lines, ReceivedMail, accepted=True)]
    lines.append(msgspec.structs.replace(mail, message_id="<taken-back@example.org>"))


def gives_up_for_now(lines: Lines) -> None:
    at = first(lines, StoredEvent, type="LetterSent")
    event = lines[at]
    assert isinstance(event, StoredEvent)
    data = event.data | {"reply_code": 450, "stage": "recipient", "attempts": 1}
    changed(lines, at, type="LetterRefused", data=data)


def insists(lines: Lines) -> None:
    mail = lines[first(lines, ReceivedMail)]
    assert isinstance(mail, ReceivedMail)
    lines += [SmtpReply(to=mail.to, code=550, is_final=False, at_s=mail.at_s, mono_s=mail.mono_s)] * 3


def forgets_a_letter(lines: Lines) -> None:
    at = first(lines, StoredEvent, type="LetterSent")
    event = lines[at]
    assert isinstance(event, StoredEvent)
    changed(lines, at, type="LetterUncertain")


def sends_twice(lines: Lines) -> None:
    lines += [lines[first(lines, ReceivedMail, accepted=True)]] * 9


def sends_another_text(lines: Lines) -> None:
    mail = lines[first(lines, ReceivedMail, accepted=True)]
    lines.append(msgspec.structs.replace(mail, digest="another"))


def renames_a_letter(lines: Lines) -> None:
    mail = lines[first(lines, ReceivedMail, accepted=True)]
    lines.append(msgspec.structs.replace(mail, message_id="<another@example.org>"))


def sends_too_soon(lines: Lines) -> None:
    mail = lines[first(lines, ReceivedMail)]
    assert isinstance(mail, ReceivedMail)
    changed(lines, lines.index(mail), at_s=mail.at_s - 3600)


def moves_back(lines: Lines) -> None:
    move = lines[first(lines, RecordedMove)]
    assert isinstance(move, RecordedMove)
    lines.append(msgspec.structs.replace(move, old=move.new, new=move.old))


def commits_under_anothers_move(lines: Lines) -> None:
    lines[:] = [line for line in lines if not isinstance(line, RecordedMove) or line.consumer != "deadlines"]


def commits_under_another_partition(lines: Lines) -> None:
    for i, line in enumerate(lines):
        if isinstance(line, RecordedMove):
            changed(lines, i, partition=(line.partition + 1) % 16)


def drops_poison(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent)]
    assert isinstance(event, StoredEvent)
    lines.append(PoisonedCase(case=event.case, version=2))


def sets_aside_without_reason(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent)]
    assert isinstance(event, StoredEvent)
    lines.append(ParkedCase(consumer="workflow", case=event.case, version=2))


def never_rests(lines: Lines) -> None:
    end(lines, is_quiet=False)


def holds_a_letter(lines: Lines) -> None:
    event = lines[first(lines, StoredEvent)]
    assert isinstance(event, StoredEvent)
    lines.append(OutboxRow(case=event.case, letter_id="x", state="held"))


def never_acknowledges(lines: Lines) -> None:
    changed(lines, 0, bus_is_absent=False)
    lines.append(DurableState(name="workflow-3", ack_pending=4, pending=0))


def loses_the_durables(lines: Lines) -> None:
    changed(lines, 0, bus_is_absent=False)


def answers_500(lines: Lines) -> None:
    one = lines[first(lines, RequestAnswered)]
    lines.append(msgspec.structs.replace(one, status=500, outcome="info"))


def logs_an_address(lines: Lines) -> None:
    lines.append(CanaryFound(file="log/notifier.log"))


def echoes(lines: Lines) -> None:
    changed(lines, first(lines, RequestAnswered), echoes=True)


def leaks(lines: Lines) -> None:
    lines.append(ProcessUsage(name="intake", at="start", rss_mb=80, descriptors=30))
    lines.append(ProcessUsage(name="intake", at="end", rss_mb=80, descriptors=400))


def grows(lines: Lines) -> None:
    lines.append(ProcessUsage(name="intake", at="start", rss_mb=80, descriptors=30))
    lines.append(ProcessUsage(name="intake", at="end", rss_mb=400, descriptors=30))


MISTAKES: tuple[tuple[Callable[[Lines], None], str], ...] = (
    (loses_a_promise, "I1"), (loses_a_key, "I1"), (stops_a_reader_half_way, "I4"), (stores_twice, "I2"),
    (stores_what_was_refused, "I2"),
    (invents_a_complaint, "I3"), (skips_a_version, "I4"), (inverts_the_feed, "I4"),
    (hides_from_a_reader, "I4"), (changes_a_column, "I4"), (grants_truncate, "I4"),
    (leaves_a_partition_behind, "I5"), (sets_a_clock_twice, "I5"), (reacts_backwards, "I6"),
    (shows_an_old_row, "I7"), (breaks_early, "I8"), (breaks_twice, "I8"), (never_tells, "I8"),
    (shifts_every_day, "I8"), (counts_a_day_too_few, "I8"), (tells_late_behind_a_flicker, "I10"),
    (sends_what_no_event_tells, "I13"), (commits_under_another_partition, "I16"),
    (forgets_summer_time, "I8"), (works_at_easter, "I8"), (tells_late, "I10"), (never_hands_over, "I11"),
    (gives_up_for_now, "I11"), (insists, "I11"), (forgets_a_letter, "I11"), (sends_twice, "I12"),
    (sends_another_text, "I12"), (renames_a_letter, "I12"), (sends_too_soon, "I13"), (moves_back, "I16"),
    (commits_under_anothers_move, "I16"), (drops_poison, "I17"), (sets_aside_without_reason, "I17"),
    (never_rests, "I17"), (holds_a_letter, "I17"), (never_acknowledges, "I17"), (loses_the_durables, "I17"),
    (answers_500, "I18"), (logs_an_address, "I19"), (echoes, "I19"), (leaks, "I21"), (grows, "I21"),
)  # fmt: skip


def _a_breach(lines: Lines) -> str:
    told = {line.type for line in lines if isinstance(line, StoredEvent)}
    return "DeadlineBreached" if "DeadlineBreached" in told else "TargetMissed"


def test_a_sound_history_is_left_alone() -> None:
    """The judge does not cry wolf."""
    assert [] == check(sound())


def test_a_duty_that_began_anew_may_break_again() -> None:
    """Each period that somebody was told asks for its own notice, so two of them may both be missed."""
    lines = list(sound())
    breach = lines[first(lines, StoredEvent, type=_a_breach(lines))]
    assert isinstance(breach, StoredEvent)
    moved = {"clock": breach.data["clock"], "anew": True}
    lines.append(msgspec.structs.replace(breach, version=98, type="DeadlineMoved", data=moved))
    lines.append(msgspec.structs.replace(breach, version=99))

    assert not any("broke 2 times" in violation.what for violation in check(lines))


@pytest.mark.parametrize(("mistake", "invariant"), MISTAKES, ids=lambda each: getattr(each, "__name__", each))
def test_each_mistake_is_found(mistake: Callable[[Lines], None], invariant: str) -> None:
    """Whatever breaks a promise turns the judge red, by the invariant that it breaks."""
    lines = list(sound())

    mistake(lines)

    assert invariant in {violation.invariant for violation in check(lines)}


def test_every_invariant_has_a_mistake() -> None:
    """An invariant that nothing has ever broken may not look at anything."""
    assert set(INVARIANTS) == {invariant for _, invariant in MISTAKES}


def test_a_history_that_was_cut_off_is_no_proof() -> None:
    """A run that died before its end is not called a success."""
    with pytest.raises(ValueError, match="cut off"):
        check([line for line in sound() if not isinstance(line, RunEnded | RequestSent)])


@pytest.mark.parametrize(
    ("kind", "invariant"),
    [
        (RecordedMove, "I16"),
        (StoredCheckpoint, "I5"),
        (WorklistRow, "I7"),
        (RoleGrant, "I4"),
        (ProcessUsage, "I21"),
    ],
)
def test_what_nobody_looked_at_is_not_sound(kind: type, invariant: str) -> None:
    """A run of the whole system in which a kind of fact was never written down proves nothing about it."""
    lines = [line for line in sound() if not isinstance(line, kind)]
    lines = [
        msgspec.structs.replace(one, is_whole=True) if isinstance(one, RunBegan) else one for one in lines
    ]

    assert invariant in {violation.invariant for violation in check(lines)}


def test_a_flicker_excuses_lateness_only_for_a_while() -> None:
    """What is told soon after the last thing that was broken is in time; what comes much later is not."""
    run = sort_history(sound())
    due_s = run.samples[0].at_s
    run.faults += [
        FaultMark(name="kill", begins=True, at_s=due_s),
        FaultMark(name="kill", begins=False, what="deadlines", at_s=due_s + 1.0),
    ]

    assert due_s + 1.0 + 10.0 + 15.0 == run.undisturbed_until(due_s, 15.0)


@pytest.mark.parametrize(
    ("clock", "received_on", "first_and_last"),
    [
        ("ING-1", date(2026, 3, 20), (date(2026, 3, 27), date(2026, 3, 27))),
        ("ING-2", date(2026, 3, 20), (date(2026, 4, 20), date(2026, 4, 21))),
        ("DES-2", date(2026, 3, 20), (date(2026, 4, 3), date(2026, 4, 10))),
        ("ING-3", date(2026, 3, 20), (date(2026, 4, 16), date(2026, 4, 17))),
        ("PRE-3", date(2026, 4, 24), (date(2026, 5, 15), date(2026, 5, 15))),
        ("SUP-1", date(2026, 4, 30), (date(2026, 5, 7), date(2026, 5, 8))),
    ],
)
def test_the_judge_counts_days_itself(
    clock: str, received_on: date, first_and_last: tuple[date, date]
) -> None:
    """Good Friday, Easter, King's Day and Liberation Day, as a person finds them on a calendar."""
    assert first_and_last == ends(clock, received_on)
