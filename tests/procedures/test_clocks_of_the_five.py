"""Every clock of the five procedures as a case somebody can check with a calendar on the wall.

All complaints are received on Thursday 2 April 2026, the day before Good Friday, at a quarter past ten.
"Strict" is the earlier end (an office that works on Good Friday), "lenient" the later one (the act).
Sentence numbers are those of the organisation's own text.
"""

from datetime import UTC, date, datetime

import pytest

from events.catalogue import ClockRule
from procedures.counting.derivation import Derivation, derive
from procedures.counting.zones import civil_date
from procedures.library import in_force, library
from procedures.procedure import Procedure

RECEIVED_AT = datetime(2026, 4, 2, 8, 15, tzinfo=UTC)


def clock_of(organisation: str, identifier: str) -> tuple[ClockRule, Derivation]:
    procedure = in_force(organisation, date(2026, 4, 2))
    rule = procedure.clock(identifier)
    return rule, derive(rule, civil_date(RECEIVED_AT, procedure.zone), procedure.zone)


def dates(derivation: Derivation) -> tuple[date, date, datetime | None]:
    return derivation.strict.on, derivation.lenient.on, derivation.warn_at


def test_destiny_reacts_on_the_substance_in_three_working_days() -> None:
    """Sentence 15: by Wednesday 8 or Thursday 9 April; any letter on the substance meets it."""
    rule, derivation = clock_of("destiny", "DES-1")

    meets = ("substantive reaction sent", "proposal sent", "response sent")
    assert ("duty", meets) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 8), date(2026, 4, 9), datetime(2026, 4, 7, 6, tzinfo=UTC)) == dates(derivation)


def test_destiny_aims_to_solve_in_ten_working_days() -> None:
    """Sentence 16, counted from receipt: by Friday 17 or Monday 20 April, as an aim."""
    rule, derivation = clock_of("destiny", "DES-2")

    assert ("target", ("solved",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 17), date(2026, 4, 20), datetime(2026, 4, 15, 6, tzinfo=UTC)) == dates(derivation)


def test_bc_makes_a_plan_in_five_working_days() -> None:
    """Sentence 39, counted from receipt: by Friday 10 or Monday 13 April."""
    rule, derivation = clock_of("bc", "BNC-2")

    assert ("duty", ("plan made",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 10), date(2026, 4, 13), datetime(2026, 4, 9, 6, tzinfo=UTC)) == dates(derivation)


def test_supportoplus_sends_an_acknowledgement_in_five_working_days() -> None:
    """Sentence 15: sent by Friday 10 or Monday 13 April; sending counts, not arriving."""
    rule, derivation = clock_of("supportoplus", "SUP-1")

    assert ("duty", ("acknowledgement sent",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 10), date(2026, 4, 13), datetime(2026, 4, 9, 6, tzinfo=UTC)) == dates(derivation)


def test_supportoplus_makes_contact_in_fourteen_days() -> None:
    """Sentence 16: by Thursday 16 April, in days on the wall."""
    rule, derivation = clock_of("supportoplus", "SUP-2")

    assert ("duty", ("contact made", "invitation sent")) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 16), date(2026, 4, 16), datetime(2026, 4, 14, 6, tzinfo=UTC)) == dates(derivation)


def test_supportoplus_aims_to_be_done_in_thirty_days() -> None:
    """Sentence 18: by Saturday 2 May, as an aim; the warning comes on Wednesday, in time to act."""
    rule, derivation = clock_of("supportoplus", "SUP-4")

    assert ("target", ("complaint handled",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 5, 2), date(2026, 5, 2), datetime(2026, 4, 29, 6, tzinfo=UTC)) == dates(derivation)


def test_preact_confirms_in_five_working_days() -> None:
    """Sentence 13: with the customer by Friday 10 or Monday 13 April; arriving counts."""
    rule, derivation = clock_of("preact", "PRE-1")

    assert ("duty", ("acknowledgement arrived",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 10), date(2026, 4, 13), datetime(2026, 4, 9, 6, tzinfo=UTC)) == dates(derivation)


def test_preact_responds_in_three_weeks() -> None:
    """Sentence 16: with the customer by Thursday 23 April, the same weekday three weeks on."""
    rule, derivation = clock_of("preact", "PRE-3")

    assert ("duty", ("response arrived",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 23), date(2026, 4, 23), datetime(2026, 4, 20, 6, tzinfo=UTC)) == dates(derivation)


def test_ingressus_acknowledges_in_five_working_days() -> None:
    """Sentence 22: with the customer by Friday 10 or Monday 13 April; arriving counts."""
    rule, derivation = clock_of("ingressus", "ING-1")

    assert ("duty", ("acknowledgement arrived",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 4, 10), date(2026, 4, 13), datetime(2026, 4, 9, 6, tzinfo=UTC)) == dates(derivation)


def test_ingressus_handles_in_twenty_working_days_in_principle() -> None:
    """Sentence 23: by Monday 4 or Wednesday 6 May (Liberation Day lies between), as an aim."""
    rule, derivation = clock_of("ingressus", "ING-2")

    assert ("target", ("complaint handled",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 5, 4), date(2026, 5, 6), datetime(2026, 4, 29, 6, tzinfo=UTC)) == dates(derivation)


def test_ingressus_responds_at_the_end_of_the_promised_term() -> None:
    """Sentences 22, 23 and 28: the response is there by Monday 4 or Wednesday 6 May, as a promise."""
    rule, derivation = clock_of("ingressus", "ING-4")

    assert ("duty", ("response arrived",)) == (rule.kind, rule.satisfied_by)
    assert (date(2026, 5, 4), date(2026, 5, 6), datetime(2026, 4, 29, 6, tzinfo=UTC)) == dates(derivation)


@pytest.mark.parametrize("procedure", library().versions.values(), ids=lambda p: p.id)
def test_every_clock_names_its_sentences(procedure: Procedure) -> None:
    """No clock is ours: each one rests on sentences of the organisation's own text, or on a law."""
    origin = ("Awb", "DISP") if procedure.id in ("awb", "fca-disp") else ("sentence",)
    for clock in procedure.clocks:
        assert clock.source.startswith(origin)


def test_a_receipt_just_before_midnight_belongs_to_that_day() -> None:
    """23:59 in Amsterdam is still 2 April, although the servers' clock may say otherwise."""
    assert date(2026, 4, 2) == civil_date(
        datetime(2026, 4, 2, 21, 59, 59, 999999, tzinfo=UTC), "Europe/Amsterdam"
    )
    assert date(2026, 4, 3) == civil_date(datetime(2026, 4, 2, 22, 0, tzinfo=UTC), "Europe/Amsterdam")
