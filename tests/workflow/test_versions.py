"""Running cases and a newer version of their procedure: kept, moved at the next stage, or the better of both.

The tests lend PreAct a version 2 that came into force on Monday 1 April 2026, two days after the complaint.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from deadlines.consumer import DeadlinesConsumer
from events.catalogue import CaseMovedToVersion, DeadlineMoved, DeadlineSet
from events.consumer.loop import ConsumerLoop
from procedures import library
from workflow_life import QUALITY, Life
from workflow_servers import Desk

IN_FORCE_FROM = "2026-04-01"
Change = Callable[..., None]


@pytest.fixture
def version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """Give what puts a version 2 of PreAct's procedure on the shelf, with some of its words changed."""
    folder = tmp_path / "files"
    copytree(library._FOLDER, folder)

    def lend(running_cases: str, *changes: tuple[str, str], in_force_from: str = IN_FORCE_FROM) -> None:
        text = (folder / "preact.toml").read_text(encoding="utf-8")
        told = (
            ("version = 1\n", "version = 2\n"),
            ("in_force_from = 2025-01-01", f"in_force_from = {in_force_from}"),
            ("[conduct]\n", f'[conduct]\nrunning_cases = "{running_cases}"\n'),
        )
        for before, after in (*told, *changes):
            assert before in text, before
            text = text.replace(before, after, 1)
        (folder / "preact-2.toml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(library, "_FOLDER", folder)
        library.library.cache_clear()

    yield lend
    monkeypatch.undo()
    library.library.cache_clear()


FASTER = ('within = "3 weeks"', 'within = "2 weeks"')
SLOWER = ('within = "3 weeks"', 'within = "5 weeks"')


def preact() -> Life:
    """A case that was received and opened on Monday 30 March, seen on Thursday 2 April."""
    return Life("preact").wait(3)


def brought(case: Life, version: int = 2) -> dict[str, int]:
    """Move a case; gives the amounts of the rules that came with it."""
    (moved,) = case.decide("move-to-version", "quality", version=version)
    assert isinstance(moved.event, CaseMovedToVersion)
    return {rule.clock: rule.amount for rule in moved.event.clocks}


def test_a_version_that_keeps_running_cases_moves_none(version_2: Change) -> None:
    """Unless a version says otherwise, a case ends under the rules it began under."""
    version_2("keep", FASTER)

    assert "running-cases-keep" == preact().refused("move-to-version", "quality", version=2)


def test_a_version_that_is_not_there_not_newer_or_not_in_force_moves_no_case(version_2: Change) -> None:
    """A case goes forward only, and only to what holds today."""
    version_2("most favourable", FASTER, in_force_from="2026-05-01")
    case = preact()

    assert "not-newer" == case.refused("move-to-version", "quality", version=1)
    assert "no-such-version" == case.refused("move-to-version", "quality", version=3)
    assert "not-in-force-yet" == case.refused("move-to-version", "quality", version=2)


def test_only_the_quality_manager_moves_a_case(version_2: Change) -> None:
    """It changes what a complainant was promised; a handler does not decide that."""
    version_2("most favourable", FASTER)

    assert "not-your-role-now" == preact().refused("move-to-version", "handler", version=2)


def test_the_most_favourable_rules_are_brought_and_no_others(version_2: Change) -> None:
    """The answer comes sooner: that is brought. A shorter time to object is not."""
    version_2("most favourable", FASTER, ('within = "4 weeks"', 'within = "2 weeks"'))

    assert {"PRE-3": 2} == brought(preact())


def test_a_longer_time_for_the_company_is_not_brought_and_one_for_the_customer_is(version_2: Change) -> None:
    """Five weeks for the answer serve the company; six weeks to object serve the complainant."""
    version_2("most favourable", SLOWER, ('within = "4 weeks"', 'within = "6 weeks"'))

    assert {"PRE-4": 6} == brought(preact())


def test_at_the_next_stage_everything_is_brought(version_2: Change) -> None:
    """A case that entered its stage under the new version follows it, better or not."""
    version_2("at next stage", SLOWER, ('within = "4 weeks"', 'within = "2 weeks"'))
    case = preact()
    too_early = case.refused("move-to-version", "quality", version=2)
    case.give("record-contact", how="phone")
    case.give("decide-outcome", outcome="unfounded", grounds="Nagegaan.")

    assert "not-at-this-stage" == too_early
    assert {"PRE-3": 5, "PRE-4": 2} == brought(case)


def test_a_term_that_would_be_over_already_is_not_brought(version_2: Change) -> None:
    """In the third week nobody can answer within two any more: the promise of three stands."""
    version_2("most favourable", FASTER)

    assert {} == brought(Life("preact").wait(16))


def test_what_was_met_or_is_past_keeps_the_rule_it_was_judged_by(version_2: Change) -> None:
    """The confirmation was sent in time, or it was late: a new term for it changes neither."""
    version_2("most favourable", ('within = "5 working days"', 'within = "4 working days"'))
    met = preact().sent("acknowledgement")

    assert {"PRE-1": 4} == brought(preact())
    assert {} == brought(met)
    assert {} == brought(Life("preact").wait(12))


def test_a_report_that_is_no_complaint_is_brought_no_terms(version_2: Change) -> None:
    """The terms of the complaint procedure wait until somebody says that it is a complaint."""
    version_2("most favourable", FASTER)
    case = preact()
    case.give("reclassify", kind="neither", because="Een vraag.")

    assert {"PRE-3": 2} == brought(case)  # terms that run are not lost by renaming, and may get better


def test_a_promise_in_the_place_of_a_target_serves_better(version_2: Change) -> None:
    """From "we aim to" to "we will" is brought; back to "we aim to" is not."""
    version_2("most favourable", ('id = "PRE-3"\nkind = "duty"', 'id = "PRE-3"\nkind = "target"'))

    assert {} == brought(preact())


def test_after_the_move_the_case_follows_the_new_version(version_2: Change) -> None:
    """What may be done is the new version's; the old rules stay for what it did not bring."""
    version_2("most favourable", FASTER)
    case = preact()

    case.give("move-to-version", "quality", version=2)

    assert (2, 2) == (case.case.life.versioning.version, case.asking().procedure.version)
    assert "not-newer" == case.refused("move-to-version", "quality", version=2)


@pytest.mark.postgres
async def test_a_running_case_is_moved_and_its_clocks_are_counted_anew(desk: Desk, version_2: Change) -> None:
    """Through workflow and deadlines on real databases: the answer is due sooner, and the old day is kept."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    case_id, reference = await desk.opened("preact", received_on=datetime.now(UTC).date())
    deadlines = ConsumerLoop(await desk.system.platform("deadlines"), DeadlinesConsumer(asyncio.Event()))
    await deadlines.own(frozenset(range(16)))
    await sweep(deadlines)
    version_2("most favourable", FASTER, in_force_from=str(yesterday))
    version = (await desk.get(f"/v1/cases/{reference}")).json()["version"]

    answer = await desk.command(
        reference, "move-to-version", {"version": 2}, *QUALITY, if_match=f'"{version}"'
    )
    await sweep(deadlines)
    await desk.catch_up()

    assert 200 == answer.status_code, answer.text
    history = await desk.platform.store.history(case_id)
    (moved,) = [row.event for row in history.events if isinstance(row.event, DeadlineMoved)]
    (before,) = [
        row.event
        for row in history.events
        if isinstance(row.event, DeadlineSet) and row.event.clock == "PRE-3"
    ]
    assert ("PRE-3", ("procedure version 2",)) == (moved.clock, moved.because)
    assert timedelta(weeks=1) == before.strict.on - moved.strict.on
    shown: Any = (await desk.get(f"/v1/cases/{reference}")).json()
    assert str(moved.strict.on) in str(shown)


async def sweep(loop: ConsumerLoop) -> None:
    while await loop.sweep():
        pass
