"""Nobody judges themselves: conflict of interest and separation of duties, computed from the history."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from cases.state import with_decided
from events.access_tokens import Role
from events.catalogue import CaseAssigned, HearingHeld, ObjectionDecided, OutcomeDecided
from events.errors import CommandRefused
from procedures.organisations import organisations
from procedures.pinning import pinned_procedure
from workflow.commands.context import CommandContext
from workflow.commands.registry import COMMANDS, allowed, decide
from workflow.persons import is_same_person, masked, masks_of, subjects_of
from workflow_bodies import bodies
from workflow_life import DAY, Life
from workflow_stories import NOW, opened

PEOPLE = ("pre-01", "pre-02", "pre-03")
ROLES: tuple[Role, ...] = ("handler", "quality_manager", "board", "admin")


def test_whoever_a_complaint_is_about_may_do_nothing_in_it() -> None:
    """The subject of a complaint neither works on it nor gets it assigned, and is shown no command."""
    life = Life("destiny")
    life.subjects = frozenset({"staff-h", "des-02"})

    assert () == life.allowed("handler")
    assert "conflict-of-interest" == life.refused("decide-outcome", outcome="unfounded", grounds="x")
    assert "conflict-of-interest" == life.refused("assign", "quality", handler="des-02", because="workload")


def test_the_handler_does_not_decide_the_objection() -> None:
    """Whoever handled or decided a complaint is not the one who decides on the objection to it."""
    life = Life("preact")
    life.give("record-contact", how="phone")
    life.give("decide-outcome", outcome="unfounded", grounds="x")
    life.give("lodge-objection", channel="email", objection="x")
    life.give("invite-to-hearing", "board", how="phone")
    life.wait(15)

    known = COMMANDS["decide-objection"]
    body = known.body.model_validate({"outcome": "founded", "grounds": "x"})
    for person in (life.case.life.persons.handler or "", "staff-h"):
        asking = CommandContext(
            person=person,
            roles=frozenset({"board", "admin"}),
            now=life.now,
            procedure=pinned_procedure(life.case),
            organisation=organisations()["preact"],
        )
        with pytest.raises(CommandRefused, match="not-the-same-person"):
            decide(life.case, known, body, asking)
    assert ["ObjectionDecided"] == life.give("decide-objection", "board", outcome="founded", grounds="x")


def test_a_proposal_in_the_objection_lets_nobody_back_in_who_handled() -> None:
    """Whoever handled the complaint stays kept out of the objection, whoever proposes in it."""
    life = Life("ingressus")
    life.give("decide-outcome", "staff-x", outcome="unfounded", grounds="x")
    life.give("lodge-objection", channel="portal", objection="x")
    life.give("invite-to-hearing", "board", how="phone")
    life.give("record-hearing", "board", how="phone", satisfied=False, new_facts=True)
    life.give("propose", "board", proposal="x")
    life.give("record-refusal", "board")
    known = COMMANDS["decide-objection"]
    asking = CommandContext(
        person="staff-x",
        roles=frozenset({"board"}),
        now=life.now,
        procedure=pinned_procedure(life.case),
        organisation=organisations()["ingressus"],
    )

    with pytest.raises(CommandRefused, match="not-the-same-person"):
        decide(life.case, known, known.body.model_validate({"outcome": "founded", "grounds": "x"}), asking)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_over_any_history_the_subject_decides_nothing_and_the_decider_decides_once(
    data: st.DataObject,
) -> None:
    """In whatever order people act: nothing by the subject, no objection judged by who handled."""
    subject = data.draw(st.sampled_from(PEOPLE))
    case, now = opened("preact").case, NOW
    handled: set[str] = {case.life.persons.handler or ""}
    decided: set[str] = set()
    for _ in range(data.draw(st.integers(4, 25))):
        now += data.draw(st.sampled_from([DAY, 15 * DAY]))
        asking = CommandContext(
            person=data.draw(st.sampled_from(PEOPLE)),
            roles=frozenset(data.draw(st.sets(st.sampled_from(ROLES), min_size=1))),
            now=now,
            procedure=pinned_procedure(case),
            organisation=organisations()["preact"],
            subjects=frozenset({subject}),
        )
        names = [name for name in allowed(case, asking) if COMMANDS[name].mirror is None]
        if not names:
            continue
        name = data.draw(st.sampled_from(sorted(names)))
        known = COMMANDS[name]
        body: BaseModel = known.body.model_validate(data.draw(st.sampled_from(bodies(name, case, asking))))
        try:
            new = decide(case, known, body, asking)  # type: ignore[arg-type]
        except CommandRefused:
            continue
        assert asking.person != subject
        for one in new:
            match one.event:
                case CaseAssigned():
                    assert one.event.handler != subject
                    handled.add(one.event.handler)
                case OutcomeDecided():
                    decided.add(asking.person)
                case HearingHeld() | ObjectionDecided():
                    assert asking.person not in handled | decided
        case = with_decided(case, new)


@pytest.mark.parametrize(
    ("stated", "same"),
    [
        ("Noor Verhagen", True),
        ("mevr. N. Verhagen", True),
        ("VERHAGEN", True),
        ("Noor", True),
        ("Nóór Verhagen", True),
        ("Noor Jansen", False),
        ("Bram Verhagen", False),
        ("", False),
        ("mevrouw", False),
    ],
)
def test_a_name_is_matched_with_the_staff_generously(stated: str, same: bool) -> None:
    """However a complainant writes a name, the person it may mean is kept out of the case."""
    assert same == is_same_person(stated, "Noor Verhagen")


def test_whom_a_complaint_is_about_is_found_in_all_that_was_said() -> None:
    """Named at filing or added later, by name or by staff identifier; an erased name is nobody."""
    destiny = organisations()["destiny"]

    found = subjects_of([{"about": {"name": "dhr. Oosterling"}}, {"about": {"name": "des-01"}}], destiny)

    assert frozenset({"des-01", "des-02"}) == found
    assert frozenset() == subjects_of([{"about": {"name": "[erased]"}}, {}], destiny)


def test_a_share_names_nobody() -> None:
    """What colleagues and suppliers read has no name, address or number of the persons in it."""
    words = masks_of([{"complainant": {"name": "Anneke Postma", "company": "Bakkerij Voorbeeld"}}])

    share = masked(
        "POSTMA (Bakkerij Voorbeeld) belde vanaf +31 85 000 00 00, zie a.p@example.org; annekes?", words
    )

    assert "[…] ([…]) belde vanaf […], zie […]; annekes?" == share
