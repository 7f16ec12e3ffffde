"""Two cases that are one: merged and un-merged, linked and unlinked, each on its own clocks."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cases.state import Case, with_decided
from events.errors import CommandRefused
from procedures.counting.facts import standing_facts
from workflow.commands.registry import COMMANDS
from workflow_life import Life
from workflow_stories import CASE, clocks_set

LATER = UUID("019d3d00-0000-7000-8000-000000000009")


def two(organisation: str = "supportoplus") -> tuple[Life, Life]:
    """An earlier case and a later one of the same organisation, with their clocks."""
    earlier, later = Life(organisation, CASE), Life(organisation, LATER, reference="SUP-00000-00001-G")
    for life in (earlier, later):
        clocks_set(life.story)
    return earlier, later


def both(command: str, case: Life, other: Life, **body: str) -> None:
    """Give a command about two cases, and let both streams say so."""
    known = COMMANDS[command]
    reference = other.case.received.reference
    read = known.body.model_validate({"other": reference, **body})
    there, here = other.case, case.case
    assert known.mirror is not None
    mine = list(known.decide(here, read, case.asking(other=there)))
    theirs = list(known.mirror(there, read, other.asking(other=here)))
    for life, decided in ((case, mine), (other, theirs)):
        for new in decided:
            life.story.tell(new.event, new.happened_at)


def test_the_earliest_receipt_rules() -> None:
    """Of two that are one complaint, the one that came first goes on: no term ever ends later by a merge."""
    earlier, later = two()

    assert "earliest-receipt-rules" == refusal("merge", earlier, later)
    both("merge", later, earlier)

    assert ("merged", "handling") == (later.stage, earlier.stage)
    assert (("SUP-00000-00001-G",), earlier.case.received.reference) == (
        earlier.case.life.linking.absorbed,
        later.case.life.linking.merged_into,
    )
    assert {"unmerge", "link"} <= set(later.allowed())
    assert "merge" not in earlier.allowed()


def test_a_case_is_not_joined_with_itself_or_with_one_that_has_ended() -> None:
    """A merge leads to a case that somebody works on."""
    earlier, later = two()

    assert "same-case" == refusal("link", later, later, relation="same matter")
    earlier.give("withdraw", channel="phone")
    assert "other-not-open" == refusal("merge", later, earlier)


def test_links_are_seen_from_both_sides_and_undone_on_both() -> None:
    """An incident and the complaint about it know of each other, until that was a mistake."""
    earlier, later = two()

    both("link", earlier, later, relation="incident of this complaint")
    assert ("SUP-00000-00001-G", "incident of this complaint") == earlier.case.life.linking.links[0]
    assert "complaint about this incident" == later.case.life.linking.links[0][1]
    both("unlink", earlier, later)

    assert ((), ()) == (earlier.case.life.linking.links, later.case.life.linking.links)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["destiny", "bc", "supportoplus", "preact", "ingressus"]),
    st.lists(st.sampled_from(["record-contact", "ask-information", "agree-measure"]), max_size=4),
    st.integers(0, 400),
)
def test_merging_and_unmerging_is_nothing_to_the_clocks(
    organisation: str, before: list[str], hours: int
) -> None:
    """Whatever happened before and however long it lasted: every clock, fact and stage is as it was."""
    earlier, later = two(organisation)
    bodies = {
        "record-contact": {"how": "phone"},
        "ask-information": {"question": "Wat?"},
        "agree-measure": {"what": "x", "owner": later.case.life.persons.handler, "due_on": "2026-05-01"},
    }
    for command in before:
        later.give(command, **bodies[command])
    stood, other_stood = later.case, earlier.case
    facts = standing_facts(later.story.history.events)

    both("merge", later, earlier)
    later.now += timedelta(hours=hours)
    both("unmerge", later, earlier)

    for was, now in ((stood, later.case), (other_stood, earlier.case)):
        assert (was.clocks, was.open_ended, was.letters, was.terms) == (
            now.clocks,
            now.open_ended,
            now.letters,
            now.terms,
        )
        assert was.life.stage == now.life.stage
    assert facts.by_name == standing_facts(later.story.history.events).by_name


def test_the_fold_of_a_merge_says_nothing_that_was_not_decided() -> None:
    """What is shown right after a command is what the history then says."""
    earlier, later = two()
    known = COMMANDS["merge"]
    body = known.body.model_validate({"other": earlier.case.received.reference})
    decided = list(known.decide(later.case, body, later.asking(other=earlier.case)))

    shown: Case = with_decided(later.case, decided)
    for new in decided:
        later.story.tell(new.event, new.happened_at)

    assert structs.replace(shown, version=0) == structs.replace(later.case, version=0)


def refusal(command: str, case: Life, other: Life, **body: str) -> str:
    known = COMMANDS[command]
    read = known.body.model_validate({"other": other.case.received.reference, **body})
    with pytest.raises(CommandRefused) as refused:
        known.decide(case.case, read, case.asking(other=other.case))
    return refused.value.code
