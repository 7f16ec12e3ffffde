"""How a clock ends follows from what happened, not from who noticed what first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from deadline_stories import (
    CONFIRM,
    EASTER,
    EASTER_LENIENT,
    EASTER_STRICT,
    SECOND,
    Story,
    letter,
    opened_case,
)
from deadlines.look import ClockOutcome, next_look, settle
from events.catalogue import ClockRule

RULES = (
    CONFIRM,
    msgspec.structs.replace(CONFIRM, clock="target", kind="target"),
    msgspec.structs.replace(CONFIRM, clock="window", kind="window", binds="customer"),
    msgspec.structs.replace(
        CONFIRM, clock="dispatch", satisfied_by=("handling notice sent", "acknowledgement sent")
    ),
    msgspec.structs.replace(CONFIRM, clock="never", satisfied_by=("solved",)),
)
END = EASTER_LENIENT + timedelta(days=5)

moments = st.one_of(
    st.sampled_from(
        [
            EASTER_STRICT - timedelta(days=2),
            *(
                due + step
                for due in (EASTER_STRICT, EASTER_LENIENT)
                for step in (-SECOND, 0 * SECOND, SECOND)
            ),
        ]
    ),
    st.integers(10, int((END - EASTER) / SECOND)).map(lambda seconds: EASTER + seconds * SECOND),
)
letters = st.tuples(st.sampled_from(["acknowledgement", "handling notice"]), moments)


def play(facts: Sequence[tuple[str, datetime, datetime]], looks: Sequence[datetime]) -> Story:
    """Record facts (letter, happened, recorded) and take looks in the order of time, then look at the end."""
    story = opened_case(*RULES)
    for at, fact in sorted(
        [(recorded_at, (name, happened_at)) for name, happened_at, recorded_at in facts]
        + [(at, ("", at)) for at in looks]
    ):
        name, happened_at = fact
        if name:
            story.tell(letter(name), happened_at, recorded_at=at)
        else:
            story.look(at)
    story.look(END)
    return story


def expected_outcome(rule: ClockRule, facts: Sequence[tuple[str, datetime, datetime]]) -> ClockOutcome:
    """Say how a clock must end, from the facts alone."""
    times = [
        happened_at
        for name, happened_at, _ in facts
        if {f"{name} sent", f"{name} arrived"} & set(rule.satisfied_by)
    ]
    if not times:
        return "lapsed" if rule.kind == "window" else "broken"
    if min(times) < EASTER_STRICT:
        return "met in time"
    return "met in dispute" if min(times) < EASTER_LENIENT else "met late"


@settings(deadline=None)  # the machine may be busy; what counts is the outcome
@given(
    facts=st.lists(st.tuples(letters, st.integers(0, 3 * 86_400)), max_size=4),
    looks=st.lists(moments, max_size=6),
)
def test_any_interleaving_ends_each_clock_in_the_same_one_way(
    facts: list[tuple[tuple[str, datetime], int]], looks: list[datetime]
) -> None:
    """Whenever letters are recorded whoever looks when: what happened decides."""
    known = [(name, at, min(at + delay_s * SECOND, END)) for (name, at), delay_s in facts]

    story = play(known, looks)

    expected = {rule.clock: expected_outcome(rule, known) for rule in RULES}
    assert expected == {rule.clock: story.clocks.outcome(rule.clock) for rule in RULES}
    assert () == settle(story.history, END)
    assert next_look(story.history) is None


@settings(deadline=None)  # the machine may be busy; what counts is the outcome
@given(facts=st.lists(letters, max_size=4), looks=st.lists(moments, max_size=6))
def test_facts_recorded_as_they_happen_give_the_same_events_whoever_looks_when(
    facts: list[tuple[str, datetime]], looks: list[datetime]
) -> None:
    """Without late news, looking often or once tells the same breaches and fulfilments."""
    known = [(name, at, at) for name, at in facts]

    often, once = play(known, looks), play(known, [])

    assert lasting(once) == lasting(often)


@settings(deadline=None)  # the machine may be busy; what counts is the outcome
@given(
    facts=st.lists(st.tuples(letters, st.integers(0, 86_400)), max_size=3),
    looks=st.lists(moments, max_size=4),
)
def test_nothing_is_told_twice_and_no_warning_follows_a_breach(
    facts: list[tuple[tuple[str, datetime], int]], looks: list[datetime]
) -> None:
    """One warning at most, before any breach; each reading breaks once at most."""
    known = [(name, at, at + delay_s * SECOND) for (name, at), delay_s in facts]

    story = play(known, looks)

    for rule in RULES:
        mine = [row for row in story.history.events if getattr(row.event, "clock", None) == rule.clock]
        types = [row.type for row in mine]
        broken = [row.data for row in mine if row.type in ("DeadlineBreached", "TargetMissed")]
        assert types.count("DeadlineSet") == 1
        assert types.count("DeadlineWarned") <= 1
        assert len(broken) == len(set(broken))
        if "DeadlineWarned" in types and broken:
            first = min(types.index(name) for name in ("DeadlineBreached", "TargetMissed") if name in types)
            assert types.index("DeadlineWarned") < first


def lasting(story: Story) -> set[tuple[str, str, datetime, str]]:
    """What was told for good: breaches, misses, and the standing of what was met."""
    return {
        (
            row.type,
            str(getattr(row.event, "clock", "")),
            row.happened_at,
            str(getattr(row.event, "standing", "")),
        )
        for row in story.history.events
        if row.type in ("DeadlineBreached", "TargetMissed", "DeadlineMet")
    }
