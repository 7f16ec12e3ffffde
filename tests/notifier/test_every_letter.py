"""Every letter of every procedure is written in every manner of its organisation, and proves its parts."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import get_args

import pytest
from msgspec import structs

from cases.letters import owed_by
from events.catalogue import (
    CaseClosed,
    Event,
    HearingHeld,
    HearingWaived,
    MeasureAgreed,
    ObjectionDecided,
    ObjectionLodged,
    OutcomeDecided,
    OuterRouteNamed,
    PlanMade,
    ProposalAccepted,
    ProposalRefused,
    SolutionProposed,
    TermExtended,
)
from events.catalogue.words import FORM_COPY, LETTERS, Outcome
from notifier.owed_letters import owed
from notifier.writing.context import WritingContext
from notifier.writing.letter import LetterCannotBeMade, write_letter
from notifier.writing.phrases import in_words, nothing_noted, outcome_in_words
from notifier.writing.subjects import SUBJECTS
from notifier_cases import (
    DUE_ON,
    RECEIVED_ON,
    WORDS,
    case,
    clock_ending_on,
    context_of,
    deadline,
    opened,
    owing,
    procedure_of,
)
from procedures.library import library
from procedures.organisations import with_demonstrations
from procedures.procedure import LetterRule

OF_PROCEDURES = [
    (procedure.organisation, letter, language)
    for procedure in library().versions.values()
    for letter in procedure.letters
    for language in with_demonstrations()[procedure.organisation].languages
]
HELD = partial(HearingHeld, by="b", how="phone", new_facts=True)
AT_OPENING = {"acknowledgement", "handling notice", "receipt", FORM_COPY}
MANNERS = [("destiny", "nl"), ("bc", "nl"), ("destiny", "en")]
"""An organisation that says u, one that says je, and one that writes English."""

BY_EVENT = {
    "request for information": ("question",),
    "substantive reaction": ("reaction",),
    "plan": ("plan",),
    "delay notice": ("reason",),
    "proposal": ("proposal",),
    "response": ("grounds", "solution", "changes"),
    "hearing record": ("record",),
    "board decision": ("grounds", "solution"),
    "reminder": ("proposal",),
}
"""What people wrote that a letter must pass on."""


def draft(organisation: str, letter: str, language: str = "nl", **changes: object) -> WritingContext:
    """Give what a letter is written from, after the events that owe it."""
    return context_of(case(organisation, language, *owing(organisation, letter)), letter, **changes)  # type: ignore[arg-type]


def anywhere(organisation: str, letter: str, language: str = "nl", **changes: object) -> WritingContext:
    """Give the same for a letter that the organisation's procedure may not name."""
    made = draft(organisation, letter, language, **changes)
    rule = LetterRule(contents=(), period_of=None, neutral=False, source="test")
    letters = {letter: rule} | dict(made.procedure.letters)
    return replace(made, procedure=replace(made.procedure, letters=letters))


@pytest.mark.parametrize(("organisation", "letter", "language"), OF_PROCEDURES)
def test_a_letter_that_a_procedure_names_is_owed_and_proves_its_parts(
    organisation: str, letter: str, language: str
) -> None:
    """When it happens the letter is owed, is written in the organisation's words, and lacks nothing."""
    found = case(organisation, language, *owing(organisation, letter))
    demanded = set(procedure_of(organisation).letters[letter].contents)

    written = write_letter(context_of(found, letter))

    assert letter in [each.letter for each in owed(found)]
    assert demanded == set(written.contents)
    assert language == written.language


@pytest.mark.parametrize(("organisation", "language"), MANNERS)
@pytest.mark.parametrize("letter", sorted(set(LETTERS) - AT_OPENING))
def test_every_letter_of_the_vocabulary_is_there_in_every_manner(
    organisation: str, language: str, letter: str
) -> None:
    """A procedure may name any letter tomorrow: its text, its subject and what people wrote are there."""
    made = anywhere(organisation, letter, language)

    written = write_letter(made)

    assert f"{SUBJECTS[letter][made.manner]} ({opened(organisation).reference})" == written.subject
    for field in BY_EVENT.get(letter, ()):
        for paragraph in WORDS[field].split("\n\n"):
            assert paragraph in written.text
            assert paragraph in written.html


@pytest.mark.parametrize("letter", sorted(set(LETTERS) - AT_OPENING))
def test_every_letter_can_be_printed(letter: str) -> None:
    """Somebody without e-mail gets the same letter as a page with their address, which needs nothing else."""
    made = anywhere("supportoplus", letter, by_post=True)

    page = write_letter(made, "Dorpsstraat 1\n0000 AA Voorbeeldstad").html

    assert "Sanne de Wit<br>Dorpsstraat 1<br>0000 AA Voorbeeldstad<br>" in page
    assert "@page" in page
    assert not any(word in page for word in ("http", "<script", "src=", "<link"))


def test_every_letter_that_an_event_owes_is_tried_here() -> None:
    """Nothing is left out of the tables above: each letter that can be owed by command has its event."""
    tried = {letter for letter in LETTERS if owing("ingressus", letter)}

    assert set(LETTERS) == tried | AT_OPENING
    for letter in tried:
        assert (
            letter == owed_by(owing("ingressus", letter)[-1])
            or letter == "plan"
            or letter in (owed_by(event) for event in owing("ingressus", letter))
        )


def test_a_delay_notice_tells_the_new_day_and_the_reason_and_binds_by_it() -> None:
    """Ingressus needs more time: the letter tells how long and why, and the day told becomes the promise."""
    written = write_letter(draft("ingressus", "delay notice"))

    assert ("reason", "period") == written.contents
    assert in_words(DUE_ON, "nl") in written.text
    assert DUE_ON == written.period_until


def test_ingressus_acknowledgement_binds_by_the_period_it_tells() -> None:
    """The period told in the confirmation is the promise from then on."""
    written = write_letter(draft("ingressus", "acknowledgement"))

    assert date(2026, 12, 18) == written.period_until


def test_a_letter_without_a_period_binds_to_none() -> None:
    """Destiny's confirmation tells no period, so none is recorded."""
    assert write_letter(draft("destiny", "acknowledgement")).period_until is None


@pytest.mark.parametrize("until", [date(2026, 12, 18), date(2026, 12, 1)])
def test_a_delay_notice_whose_day_is_not_later_than_the_clock_cannot_leave(until: date) -> None:
    """More time until a day that the clock has already, or that lies before it, is no more time."""
    event = TermExtended(clock="ING-4", until=until, occurrence=1)

    with pytest.raises(LetterCannotBeMade, match=f"ends on 2026-12-18, the letter would tell {until}"):
        write_letter(context_of(case("ingressus", "nl", event), "delay notice"))


def test_a_delay_notice_about_a_clock_that_does_not_run_cannot_leave() -> None:
    """Who extends a clock that the case does not have promises nothing that anybody watches."""
    event = TermExtended(clock="ING-9", until=DUE_ON, occurrence=1)

    with pytest.raises(LetterCannotBeMade, match="ING-9 does not run"):
        write_letter(context_of(case("ingressus", "nl", event), "delay notice"))


def test_a_delay_notice_that_was_held_up_until_its_day_had_passed_cannot_leave() -> None:
    """After weeks without mail the new day may be over: somebody must take more time again."""
    event = TermExtended(clock="ING-4", until=date(2026, 12, 21), occurrence=1)
    late = context_of(case("ingressus", "nl", event), "delay notice")

    with pytest.raises(LetterCannotBeMade, match="over already"):
        write_letter(replace(late, written_at=late.written_at.replace(year=2027)))


def test_a_plan_whose_day_differs_from_the_clock_cannot_leave() -> None:
    """The plan says one day and the clock another: the letter is not made, and says which."""
    rule = procedure_of("bc").clock("BNC-3")
    found = case("bc", "nl", PlanMade(until=DUE_ON, by="x"), clock_ending_on(rule, date(2027, 1, 30)))

    with pytest.raises(
        LetterCannotBeMade, match="BNC-3 ends on 2027-01-30, the letter would tell 2027-01-29"
    ):
        write_letter(context_of(found, "plan"))


def test_a_new_plan_after_the_term_of_the_first_was_over_can_be_told() -> None:
    """A term that is over stays broken; the new day is told all the same, and no clock says otherwise."""
    rule = procedure_of("bc").clock("BNC-3")
    found = case("bc", "nl", clock_ending_on(rule, date(2026, 11, 20)), PlanMade(until=DUE_ON, by="x"))

    assert in_words(DUE_ON, "nl") in write_letter(context_of(found, "plan")).text


@pytest.mark.parametrize("outcome", get_args(Outcome))
@pytest.mark.parametrize(("organisation", "language"), [("preact", "nl"), ("preact", "en"), ("bc", "nl")])
def test_a_response_says_the_outcome_that_was_decided_and_no_other(
    organisation: str, language: str, outcome: str
) -> None:
    """Gegrond stands in ongegrond: the letter is read for the whole word, and for no other outcome."""
    found = case(organisation, language, OutcomeDecided(by="x", outcome=outcome))  # type: ignore[arg-type]
    rule = LetterRule(contents=("outcome",), period_of=None, neutral=False, source="test")
    made = context_of(found, "response")

    written = write_letter(replace(made, procedure=replace(made.procedure, letters={"response": rule})))

    assert outcome_in_words(outcome, "en" if language == "en" else "nl") in written.text


def test_preacts_response_to_a_founded_complaint_needs_its_solution() -> None:
    """Founded without a solution is not an answer: the letter is held back and the part is named."""
    found = case("preact", "nl", OutcomeDecided(by="x", outcome="founded"))

    with pytest.raises(LetterCannotBeMade, match="solution"):
        write_letter(context_of(found, "response", {"grounds": "Het klopt."}))


def test_preacts_response_to_an_unfounded_complaint_needs_none() -> None:
    """Where nothing is founded there is nothing to put right, and no change to tell."""
    found = case("preact", "nl", OutcomeDecided(by="x", outcome="unfounded"))

    written = write_letter(context_of(found, "response", {"grounds": "Het klopt niet."}))

    assert ("outcome",) == written.contents


@pytest.mark.parametrize("field", ["question", "reaction", "plan", "proposal", "grounds", "record"])
def test_a_letter_about_words_that_nobody_wrote_is_not_made(field: str) -> None:
    """An empty reaction, plan or record is never sent."""
    letter = next(letter for letter, fields in BY_EVENT.items() if fields[0] == field)

    with pytest.raises(LetterCannotBeMade, match=field):
        write_letter(anywhere("ingressus", letter, words={}))


def test_a_text_that_leaves_out_what_was_written_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody breaks a text: the reaction is not in it, so it is held back instead of sent empty."""
    monkeypatch.setattr("notifier.writing.letter.render", lambda name, values: "Beste klant,\n\nTot ziens.")

    with pytest.raises(LetterCannotBeMade, match="leaves out"):
        write_letter(draft("destiny", "substantive reaction"))


def test_a_text_that_says_another_outcome_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that calls a partly founded complaint unfounded is held back."""
    words = "Uw klacht is deels gegrond, dus ongegrond.\n\n{grounds}\n\n{solution}\n\n{changes}"
    monkeypatch.setattr(
        "notifier.writing.letter.render", lambda name, values: words.format(**{**WORDS, **values})
    )

    with pytest.raises(LetterCannotBeMade, match="another outcome"):
        write_letter(draft("preact", "response"))


def test_a_text_that_tells_another_day_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text with the date of receipt where the new period belongs is held back."""
    words = "Wij hebben tot en met {received_on} nodig.\n\n{reason}"
    monkeypatch.setattr(
        "notifier.writing.letter.render",
        lambda name, values: words.format(**values) if name.startswith("delay") else "Zo gaat het verder.",
    )

    with pytest.raises(LetterCannotBeMade, match="'period'"):
        write_letter(draft("ingressus", "delay notice"))


def test_a_confirmation_of_a_talk_names_each_agreement_with_owner_and_day() -> None:
    """What was agreed in the talk stands in the letter: what, who, by when."""
    (talk,) = owing("supportoplus", "talk confirmation")
    measure = MeasureAgreed(measure=1, owner="sup-03", due_on=DUE_ON)
    found = case("supportoplus", "nl", talk, measure)
    made = context_of(found, "talk confirmation")
    together = replace(found.agreed[0], command_id=made.owing.command_id)

    written = write_letter(replace(made, case=structs.replace(found, agreed=(together,))))

    for expected in (WORDS["measure"], "Ellen van Zuylekom", in_words(DUE_ON, "nl"), WORDS["note"]):
        assert expected in written.text
    assert ("complaint", "agreements") == written.contents


def test_a_talk_without_agreements_says_so() -> None:
    """Nothing was agreed: the letter says that instead of saying nothing."""
    written = write_letter(draft("supportoplus", "talk confirmation"))

    assert "geen afspraken" in written.text
    assert ("complaint", "agreements") == written.contents


def test_the_complaint_discussed_is_the_complainants_own_when_nobody_noted_another() -> None:
    """Without a note of the talk the letter repeats what the complainant wrote."""
    words = {"description": "De monteur is twee keer niet gekomen."}

    assert words["description"] in write_letter(draft("supportoplus", "talk confirmation", words=words)).text


def test_a_talk_about_what_nobody_wrote_down_is_confirmed_too() -> None:
    """Incomplete is still a complaint: without a note and a description the letter says so, and leaves."""
    words = {name: text for name, text in WORDS.items() if name not in ("note", "description")}

    written = write_letter(draft("supportoplus", "talk confirmation", words=words))

    assert nothing_noted("nl.u") in written.text
    assert "complaint" in written.contents


def test_a_letter_names_who_handles_the_case_now() -> None:
    """After somebody else took over, letters name the new handler."""
    found = case("destiny", "nl", *owing("destiny", "proposal"))
    persons = structs.replace(found.life.persons, handler="des-02")
    taken_over = structs.replace(found, life=structs.replace(found.life, persons=persons))
    handler = with_demonstrations()["destiny"].staff["des-02"]

    written = write_letter(context_of(taken_over, "proposal"))

    assert handler.name in written.text


def test_an_organisation_that_writes_english_only_writes_english() -> None:
    """Somebody who writes Dutch to a firm that has only English gets a letter they can be helped with."""
    assert "en" == write_letter(draft("fca-disp", "acknowledgement", "nl")).language


def test_awb_extends_its_own_clock() -> None:
    """Six weeks, and four more told in time: the period told moves the clock of the law."""
    rule = procedure_of("awb").clock("AWB-1")
    ends = deadline(rule, RECEIVED_ON).lenient.on

    written = write_letter(draft("awb", "delay notice"))

    assert ends < DUE_ON == written.period_until


def test_an_objection_is_decided_in_words() -> None:
    """The board's letter says what it decided and why."""
    found = case("preact", "nl", ObjectionDecided(by="x", outcome="unfounded"))

    written = write_letter(context_of(found, "board decision", {"grounds": "Wij blijven erbij."}))

    assert "ongegrond" in written.text
    assert ("decision",) == written.contents


def test_what_the_board_overturned_is_not_told_again_when_the_case_is_closed() -> None:
    """After an objection the first judgement is not the last word: the closing letter leaves it out."""
    judged = OutcomeDecided(by="x", outcome="partly founded")
    objected = (ObjectionLodged(channel="email", late=False), ObjectionDecided(by="y", outcome="founded"))
    closed = CaseClosed(because="handled")

    without = write_letter(context_of(case("preact", "nl", judged, closed), "closing notice"))
    after = write_letter(context_of(case("preact", "nl", judged, *objected, closed), "closing notice"))

    assert "deels gegrond" in without.text
    assert "deels gegrond" not in after.text


@pytest.mark.parametrize(
    ("happened", "is_told"),
    [
        ((), False),
        ((HELD(satisfied=True),), False),
        ((HELD(satisfied=False),), True),
        ((HearingWaived(because="declined"),), True),
        ((HELD(satisfied=False), SolutionProposed(proposal=1, by="b"), ProposalAccepted(proposal=1)), False),
        ((HELD(satisfied=False), SolutionProposed(proposal=1, by="b"), ProposalRefused(proposal=1)), True),
        (
            (ObjectionDecided(by="b", outcome="inadmissible"), OuterRouteNamed(route="court in Rotterdam")),
            True,
        ),
    ],
)
def test_the_court_is_named_at_the_end_only_to_whom_the_talk_did_not_satisfy(
    happened: tuple[Event, ...], is_told: bool
) -> None:
    """Ingressus 36: whoever accepted a solution, or never objected, is not sent to the court."""
    lodged = ObjectionLodged(channel="portal", late=False)
    objected = (OutcomeDecided(by="h", outcome="unfounded"), *((lodged, *happened) if happened else ()))

    written = write_letter(
        context_of(case("ingressus", "nl", *objected, CaseClosed(because="handled")), "closing notice")
    )

    assert is_told == ("de rechtbank in het arrondissement Rotterdam" in written.text)


@pytest.mark.parametrize("organisation", ["awb", "fca-disp"])
def test_a_way_out_that_needs_no_objection_is_named_at_every_end(organisation: str) -> None:
    """Where no objection comes before it, whoever is not content learns at the end where to go."""
    found = case(organisation, procedure_of(organisation).language, CaseClosed(because="handled"))

    assert "mbudsman" in write_letter(context_of(found, "closing notice")).text


def test_a_day_that_is_over_is_promised_no_more() -> None:
    """A reaction in time names the day of the solution; one that comes later does not promise the past."""
    in_time = draft("destiny", "substantive reaction")
    due_on = in_time.case.deadlines["DES-2"].strict.on
    later = replace(in_time, written_at=in_time.written_at + timedelta(days=60))

    assert in_words(due_on, "nl") in write_letter(in_time).text
    assert "Hoe gaat het verder?" not in write_letter(later).text
