"""The reading commands: what they show, to whom, and with which exit code; and forgetting a person."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from cases.state import fold
from deadlines.look import settle
from events.access_tokens import Access, NotAllowed, Role, issue, read
from events.catalogue import ReceiptCorrected
from events.errors import GehoorError
from events.identity import new_case_id, new_reference
from events.platform import Platform
from events.record.envelope import History, NewEvent
from events.testing import TestSystem
from events.transact import Command, transact
from gehoor.cli import build
from procedures.library import in_force
from procedures.organisations import organisations
from workflow.classification import open_case

RECEIVED_AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
"""So long ago that every promise of the procedure has been broken since."""

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Answer:
    """What a command said, as a person at the terminal sees it."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Filed:
    """A case of Supporto+, received in March, opened today, with its clocks set and broken."""

    case_id: UUID
    reference: str


Gehoor = Callable[..., Awaitable[Answer]]


@pytest.fixture
def gehoor(system: TestSystem, monkeypatch: pytest.MonkeyPatch) -> Gehoor:
    """Run a command against the test's own store; keyword `typed` is what a person types in."""
    monkeypatch.setenv("GEHOOR_HOME", str(system.home))
    monkeypatch.setenv("GEHOOR_DATABASE_URL", system.database_url)
    monkeypatch.setenv("GEHOOR_KEYS_URL", system.keys_url)
    monkeypatch.delenv("GEHOOR_TOKEN", raising=False)

    async def run(*arguments: str | Path, typed: str | None = None) -> Answer:
        result = await asyncio.to_thread(CliRunner().invoke, build(), [*map(str, arguments)], input=typed)
        if isinstance(result.exception, GehoorError):
            return Answer(2, result.stdout, str(result.exception))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def token(system: TestSystem, tmp_path: Path) -> Callable[..., Path]:
    """Write the token of somebody with one role; gives the file."""

    def write(role: Role, organisation: str = "*") -> Path:
        access = Access("staff:test-1", frozenset({role}), frozenset({organisation}))
        path = tmp_path / f"{role}-{organisation.replace('*', 'all')}"
        path.write_text(
            issue(system.settings.secret("token.key"), access, datetime.now(UTC), timedelta(days=1))
        )
        return path

    return write


@pytest.fixture(scope="module")
async def services(system: TestSystem) -> tuple[Platform, Platform, Platform]:
    """Intake, workflow and deadlines as they log in."""
    intake = await system.platform("intake", keys=True)
    return intake, await system.platform("workflow", keys=True), await system.platform("deadlines")


@pytest.fixture
async def filed(system: TestSystem, services: tuple[Platform, Platform, Platform]) -> Filed:
    """A fresh case with everything in it that the services would have recorded."""
    return await file(system, services, RECEIVED_AT)


async def file(
    system: TestSystem, services: tuple[Platform, Platform, Platform], received_at: datetime
) -> Filed:
    reference = new_reference("SUP")
    intake, workflow, deadlines = services
    case_id = await system.receive(
        intake, reference=reference, happened_at=received_at, received_on=received_at.date()
    )
    organisation = organisations()["supportoplus"]

    def opening(history: History, now: datetime) -> list[NewEvent]:
        case = fold(history)
        assert case is not None
        return open_case(case, in_force("supportoplus", case.received.received_on), organisation, now)

    await transact(workflow, Command(case_id, new_case_id(), "service:workflow", opening))
    await transact(deadlines, Command(case_id, new_case_id(), "service:deadlines", settle))
    return Filed(case_id, reference)


# --- token -----------------------------------------------------------------------------------------------

ASKED = {"--role": "handler", "--organisation": "destiny", "--actor": "staff:des-01", "--valid-for": "30d"}
NOT_GIVEN = {
    "a role that is none": ("--role", "boss", "quality_manager"),
    "an organisation that is none": ("--organisation", "destny", "supportoplus"),
    "an organisation by the letters of its references": ("--organisation", "DES", "destiny"),
    "somebody's name": ("--actor", "Jan Jansen", "pseudonym"),
    "no period": ("--valid-for", "soon", "30m, 12h or 30d"),
    "a period of nothing": ("--valid-for", "0d", "30m, 12h or 30d"),
    "a period that has passed": ("--valid-for", "-1d", "30m, 12h or 30d"),
    "almost for ever": ("--valid-for", "3661d", "at most 3660d"),
}


def options(asked: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in asked.items()]


async def test_a_token_opens_what_it_was_given_for_and_as_long(
    gehoor: Gehoor, system: TestSystem, services: tuple[Platform, Platform, Platform]
) -> None:
    """Whoever runs an installation lets people in: for these roles, these organisations and this long."""
    given = await gehoor("token", *options(ASKED), "--role=ops", "--organisation=bc")

    key, now = system.settings.secret("token.key"), services[0].clock.now()
    header = f"Bearer {given.out.strip()}"
    expected = Access("staff:des-01", frozenset({"handler", "ops"}), frozenset({"destiny", "bc"}))
    assert (0, 1) == (given.code, given.out.count("\n"))
    assert expected == read(key, header, now + timedelta(days=29, hours=23))
    with pytest.raises(NotAllowed, match="expired"):
        read(key, header, now + timedelta(days=30, minutes=1))


async def test_a_token_that_was_made_is_taken_by_the_other_commands(
    gehoor: Gehoor, filed: Filed, tmp_path: Path
) -> None:
    """What one command gives out, the others take, and no further than it reaches."""
    (for_one := tmp_path / "one").write_text((await gehoor("token", *options(ASKED))).out)
    (for_all := tmp_path / "all").write_text(
        (await gehoor("token", *options(ASKED | {"--organisation": "*"}))).out
    )

    elsewhere = await gehoor("history", filed.reference, "--token", for_one)
    everywhere = await gehoor("history", filed.reference, "--token", for_all)

    assert (1, 0) == (elsewhere.code, everywhere.code)
    assert "that this token reaches" in elsewhere.err


@pytest.mark.parametrize(("option", "value", "reason"), NOT_GIVEN.values(), ids=NOT_GIVEN)
async def test_a_token_for_nothing_there_is_is_not_given(
    gehoor: Gehoor, option: str, value: str, reason: str
) -> None:
    """A slip in what is asked for is told with the option and what it takes, and nothing is printed."""
    answer = await gehoor("token", *options(ASKED | {option: value}))

    assert (2, "") == (answer.code, answer.out)
    assert answer.err.startswith(option)
    assert reason in answer.err


# --- history ---------------------------------------------------------------------------------------------


async def test_history_shows_every_event_with_both_times(gehoor: Gehoor, filed: Filed) -> None:
    """One sees who did what when, when that was recorded, and what the person wrote."""
    told = await gehoor("history", filed.reference, "--json")
    read = await gehoor("history", filed.reference)

    first, *_ = told.lines
    assert 0 == told.code
    assert list(range(1, len(told.lines) + 1)) == [event["version"] for event in told.lines]
    assert ("ComplaintReceived", RECEIVED_AT.isoformat()) == (first["type"], first["happened_at"])
    assert first["happened_at"] < first["recorded_at"]
    assert "Sanne de Wit" == first["personal"]["complainant"]["name"]
    assert {
        "version",
        "type",
        "happened_at",
        "recorded_at",
        "actor",
        "caused_by",
        "data",
        "hash",
        "personal",
    } == (first.keys())
    assert "service:workflow" in read.out
    assert "complainant.name: Sanne de Wit" in read.out
    assert "(recorded 20" in read.out


@pytest.mark.parametrize("spelling", ["lower", "without dashes", "identifier"])
async def test_a_case_is_found_however_it_is_written(gehoor: Gehoor, filed: Filed, spelling: str) -> None:
    """A reference read out over the telephone finds its case; so does the identifier from a log."""
    written = {
        "lower": filed.reference.lower(),
        "without dashes": filed.reference.replace("-", ""),
        "identifier": str(filed.case_id),
    }[spelling]

    assert 0 == (await gehoor("history", written)).code


async def test_what_had_happened_is_not_what_was_known(gehoor: Gehoor, filed: Filed) -> None:
    """On the day of receipt the complaint had happened, but nobody had recorded it yet."""
    happened = await gehoor("history", filed.reference, "--json", "--as-of", "2026-03-10")
    known = await gehoor("history", filed.reference, "--json", "--known-at", "2026-03-10")

    assert ["ComplaintReceived"] == [event["type"] for event in happened.lines]
    assert [] == known.lines


async def test_before_its_first_event_there_was_no_case(gehoor: Gehoor, filed: Filed) -> None:
    """An empty answer says why it is empty."""
    before = await gehoor("history", filed.reference, "--as-of", "2025-12-31")

    assert (1, "") == (before.code, before.out)
    assert "no such case: its first event happened at 2026-03-10T09:30:00Z" in before.err


@pytest.mark.parametrize("state", [(), ("--state",)], ids=["events", "state"])
async def test_a_promise_broken_before_the_case_was_told_of_makes_no_case_of_it(
    gehoor: Gehoor,
    system: TestSystem,
    services: tuple[Platform, Platform, Platform],
    state: tuple[str, ...],
) -> None:
    """A receipt corrected to months earlier breaks promises then; at that time there still was no case."""
    _, workflow, deadlines = services
    now = workflow.clock.now()
    late = await file(system, services, now)
    months_ago = now - timedelta(days=90)
    corrected = ReceiptCorrected(received_at=months_ago, received_on=months_ago.date())
    told = Command(late.case_id, new_case_id(), "staff:test", lambda _, now: [NewEvent(corrected, now)])
    await transact(workflow, told)
    await transact(deadlines, Command(late.case_id, new_case_id(), "service:deadlines", settle))

    whole = await gehoor("history", late.reference, "--json")
    before = await gehoor("history", late.reference, "--as-of", f"{now - timedelta(days=5):%Y-%m-%d}", *state)

    broken_at = [event["happened_at"] for event in whole.lines if event["type"] == "DeadlineBreached"]
    assert min(broken_at) < whole.lines[0]["happened_at"]
    assert (1, "") == (before.code, before.out)
    assert "no such case: its first event happened at" in before.err


async def test_an_unknown_procedure_is_answered_with_those_there_are(gehoor: Gehoor) -> None:
    """Whoever mistypes an organisation sees the names to choose from."""
    wrong = await gehoor("simulate", "--what-if", "nope")

    assert 2 == wrong.code
    assert "unknown procedure 'nope'" in wrong.err
    assert "allowed: " in wrong.err
    assert "supportoplus" in wrong.err


async def test_the_state_is_told_as_of_a_version_or_a_moment(gehoor: Gehoor, filed: Filed) -> None:
    """One can look at the case as it stood: received at first, open and broken now."""
    first = await gehoor("history", filed.reference, "--state", "--json", "--at-version", "1")
    now = await gehoor("history", filed.reference, "--state", "--json")
    read = await gehoor("history", filed.reference, "--state")
    then = await gehoor("history", filed.reference, "--state", "--json", "--as-of", "2026-04-30")
    before = await gehoor("history", filed.reference, "--state", "--as-of", "2025-12-31")

    assert "received" == then.lines[0]["phase"]
    assert ("received", 1) == (first.lines[0]["phase"], first.lines[0]["version"])
    assert "open" == now.lines[0]["phase"]
    assert {True} == {clock["failed"] for clock in now.lines[0]["clocks"]}
    assert "phase: open" in read.out
    assert (1, True) == (before.code, "no such case" in before.err)


async def test_who_may_not_see_personal_fields_is_told_so(
    gehoor: Gehoor, filed: Filed, token: Callable[..., Path]
) -> None:
    """An auditor proves that nothing was changed without reading about anybody."""
    told = await gehoor("history", filed.reference, "--token", token("auditor"))

    assert 0 == told.code
    assert "Sanne" not in told.out
    assert "[encrypted; this token may not read it]" in told.out


@pytest.mark.parametrize("command", ["history", "clocks"])
async def test_a_case_of_somebody_else_does_not_exist(
    gehoor: Gehoor, filed: Filed, token: Callable[..., Path], command: str
) -> None:
    """A reference of another organisation is answered like one that does not exist or is misspelt."""
    others = await gehoor(command, filed.reference, "--token", token("handler", "destiny"))
    misspelt = await gehoor(command, filed.reference[:-1] + ("0" if filed.reference[-1] != "0" else "1"))
    unknown = await gehoor(command, new_reference("SUP"))

    assert [1, 1, 1] == [others.code, misspelt.code, unknown.code]
    assert all(answer.err.startswith("gehoor: ") for answer in (others, misspelt, unknown))
    assert "" == others.out


@pytest.mark.parametrize("moment", ["gisteren", "2026-13-01", "2026-04-02T25:00", ""])
async def test_a_moment_that_is_none_is_refused_with_an_example(
    gehoor: Gehoor, filed: Filed, moment: str
) -> None:
    """Who writes a wrong date learns how to write a right one."""
    answer = await gehoor("history", filed.reference, "--as-of", moment)

    assert 2 == answer.code
    assert "2026-04-02" in answer.err


async def test_a_token_that_is_none_is_refused(gehoor: Gehoor, filed: Filed, tmp_path: Path) -> None:
    """A missing or altered token opens nothing."""
    (tmp_path / "altered").write_text("e30.e30.e30")

    missing = await gehoor("history", filed.reference, "--token", tmp_path / "nothing")
    altered = await gehoor("history", filed.reference, "--token", tmp_path / "altered")

    assert [2, 2] == [missing.code, altered.code]
    assert "--token" in missing.err
    assert "" == missing.out + altered.out


# --- clocks ----------------------------------------------------------------------------------------------


async def test_clocks_are_told_with_their_source(gehoor: Gehoor, filed: Filed) -> None:
    """Every promise is shown with its last day, how it stands, and the sentences it comes from."""
    told = await gehoor("clocks", filed.reference, "--json")
    read = await gehoor("clocks", filed.reference)

    shown = {clock["clock"]: clock for clock in told.lines}
    assert 0 == told.code
    assert ("2026-03-24", "breached") == (shown["SUP-2"]["strict"]["on"], shown["SUP-2"]["status"])
    assert ("target", "missed") == (shown["SUP-4"]["kind"], shown["SUP-4"]["status"])
    assert all(clock["source"] for clock in told.lines)
    assert "until 2026-03-24" in read.out


async def test_clocks_are_explained_day_by_day(gehoor: Gehoor, filed: Filed) -> None:
    """One can follow with a finger on the calendar why a day counted or not."""
    read = await gehoor("clocks", filed.reference, "--explain")

    assert "2026-03-14  skipped  Saturday" in read.out
    assert "2026-03-17  counted  working day 5" in read.out


# --- breaches --------------------------------------------------------------------------------------------


async def test_breaches_are_listed_in_order_and_from_a_cursor_on(
    gehoor: Gehoor, filed: Filed, token: Callable[..., Path]
) -> None:
    """A monitoring script reads on where it stopped; who works elsewhere sees none of them."""
    listed = await gehoor("breaches", "--json")
    only = await gehoor("breaches", "--json", "--no-targets")
    after = await gehoor("breaches", "--json", "--after", listed.lines[0]["cursor"])
    others = await gehoor("breaches", "--json", "--token", token("ops", "destiny"))
    read = await gehoor("breaches")

    mine = {line["clock"]: line["type"] for line in listed.lines if line["reference"] == filed.reference}
    assert ("DeadlineBreached", "TargetMissed") == (mine["SUP-2"], mine["SUP-4"])
    assert {"DeadlineBreached"} == {line["type"] for line in only.lines}
    assert listed.lines[1:] == after.lines
    assert [] == others.lines
    assert any("BREACH  SUP-2" in line and filed.reference in line for line in read.out.splitlines())


@pytest.mark.parametrize("cursor", ["seven", "1.2", ""])
async def test_a_cursor_that_is_none_is_refused(gehoor: Gehoor, cursor: str) -> None:
    """A mistyped cursor must not silently begin at the start."""
    answer = await gehoor("breaches", "--after", cursor)

    assert 2 == answer.code
    assert "first column" in answer.err


# --- verify ----------------------------------------------------------------------------------------------


async def test_verify_says_yes_and_what_it_cannot_see(gehoor: Gehoor, filed: Filed) -> None:
    """An unchanged record verifies, and the command says what only the later seals will show."""
    told = await gehoor("verify", "--json")
    read = await gehoor("verify")

    assert (0, 0, None) == (told.code, told.lines[0]["bad"], told.lines[0]["first_bad"])
    assert told.lines[0]["events"] >= 5
    assert "every chain holds" in read.out
    assert "seals" in read.out


async def test_verify_names_the_row_that_somebody_changed(
    gehoor: Gehoor, system: TestSystem, filed: Filed
) -> None:
    """Even who rules over the database cannot change a word without being found."""
    connection = await system.admin()
    change = "UPDATE gehoor.event SET actor = $1 WHERE case_id = $2 AND version = 2"
    try:
        await connection.execute("ALTER TABLE gehoor.event DISABLE TRIGGER event_is_never_changed")
        await connection.execute(change, "somebody-else", filed.case_id)
        told = await gehoor("verify", "--json")
        read = await gehoor("verify")
        await connection.execute(change, "service:workflow", filed.case_id)
        again = await gehoor("verify")
    finally:
        await connection.execute("ALTER TABLE gehoor.event ENABLE ALWAYS TRIGGER event_is_never_changed")
        await connection.close()

    assert (1, 1, 0) == (told.code, read.code, again.code)
    assert {"case": str(filed.case_id), "version": 2} == {
        name: told.lines[0]["first_bad"][name] for name in ("case", "version")
    }
    assert "BROKEN" in read.out


@pytest.mark.parametrize(
    ("role", "organisation", "code", "reason"),
    [
        ("auditor", "*", 0, ""),
        ("ops", "*", 0, ""),
        ("handler", "*", 2, "one of the roles admin, auditor, ops"),
        ("auditor", "supportoplus", 2, "a token for all organisations"),
    ],
)
async def test_the_record_is_verified_for_who_looks_after_all_of_it(
    gehoor: Gehoor,
    filed: Filed,
    token: Callable[..., Path],
    role: Role,
    organisation: str,
    code: int,
    reason: str,
) -> None:
    """A changed row may name another organisation: whoever sees one organisation alone could be deceived."""
    answer = await gehoor("verify", "--token", token(role, organisation))

    assert (code, code == 0) == (answer.code, "every chain holds" in answer.out)
    assert reason in answer.err


# --- parked ----------------------------------------------------------------------------------------------


async def test_what_is_parked_is_listed_shown_and_tried_again(
    gehoor: Gehoor, system: TestSystem, filed: Filed
) -> None:
    """Somebody sees which case was set aside by whom and why, and asks for another try."""
    nothing = await gehoor("parked", "list")
    no_retry = await gehoor("parked", "retry")
    connection = await system.admin()
    try:
        await connection.execute(
            "INSERT INTO deadlines.parked (case_id, version, type, reason)"
            " VALUES ($1, 2, 'CaseOpened', 'odd')",
            filed.case_id,
        )
        listed = await gehoor("parked", "list", "--json")
        read = await gehoor("parked", "list")
        shown = await gehoor("parked", "show", filed.reference.lower(), "--json")
        other = await gehoor("parked", "show", new_reference("SUP"))
        retried = await gehoor("parked", "retry", filed.reference)
        after = await gehoor("parked", "list", "--json")
    finally:
        await connection.execute("DELETE FROM deadlines.parked")
        await connection.close()

    assert (0, "nothing is parked\n", 1) == (nothing.code, nothing.out, no_retry.code)
    assert [("deadlines", filed.reference, 2, "CaseOpened", "odd", False)] == [
        (row["consumer"], row["reference"], row["version"], row["type"], row["reason"], row["retry_asked"])
        for row in listed.lines
    ]
    assert (1, 1) == (listed.code, read.code)
    assert f"{filed.reference}  version 2 CaseOpened: odd" in read.out
    assert (0, listed.lines) == (shown.code, shown.lines)
    assert (1, "nothing of this case is parked\n") == (other.code, other.out)
    assert 0 == retried.code
    assert [True] == [row["retry_asked"] for row in after.lines]


async def test_what_is_parked_is_shown_to_who_works_for_that_organisation(
    gehoor: Gehoor, system: TestSystem, filed: Filed, token: Callable[..., Path]
) -> None:
    """Who looks after one organisation sees and retries its cases alone; a handler none at all."""
    park = "INSERT INTO deadlines.parked (case_id, version, type, reason) VALUES ($1, 1, 'CaseOpened', 'odd')"
    ours, theirs = token("ops", "supportoplus"), token("ops", "destiny")
    connection = await system.admin()
    try:
        await connection.execute(park, filed.case_id)
        await connection.execute(park, of_no_case := new_case_id())
        listed = await gehoor("parked", "list", "--json", "--token", ours)
        all_of_them = await gehoor("parked", "list", "--json")
        others = [
            await gehoor("parked", "list", "--token", theirs),
            await gehoor("parked", "show", filed.reference, "--token", theirs),
            await gehoor("parked", "retry", filed.reference, "--token", theirs),
            await gehoor("parked", "retry", "--token", theirs),
        ]
        untouched = await connection.fetchval("SELECT bool_and(retry_at IS NULL) FROM deadlines.parked")
        handler = [
            await gehoor("parked", command, *reference, "--token", token("handler"))
            for command, reference in (("list", ()), ("show", (filed.reference,)), ("retry", ()))
        ]
        mine = await gehoor("parked", "retry", "--token", ours)
        asked = await connection.fetch("SELECT case_id FROM deadlines.parked WHERE retry_at IS NOT NULL")
    finally:
        await connection.execute("DELETE FROM deadlines.parked")
        await connection.close()

    assert [(str(filed.case_id), "supportoplus")] == [
        (row["case"], row["organisation"]) for row in listed.lines
    ]
    assert {str(filed.case_id), str(of_no_case)} == {row["case"] for row in all_of_them.lines}
    assert [0, 1, 1, 1] == [answer.code for answer in others]
    assert not any(filed.reference in answer.out for answer in others)
    assert untouched
    assert {(2, "")} == {(answer.code, answer.out) for answer in handler}
    assert all("one of the roles admin, ops" in answer.err for answer in handler)
    assert (0, [filed.case_id]) == (mine.code, [row["case_id"] for row in asked])


# --- erase -----------------------------------------------------------------------------------------------


async def test_an_erased_person_is_unreadable_and_the_chain_still_holds(gehoor: Gehoor, filed: Filed) -> None:
    """Forgetting leaves the course of the case and its proof, and no word of the person."""
    erased = await gehoor("erase", filed.reference, "--yes", "--basis", "request")
    told = await gehoor("history", filed.reference, "--json")
    verified = await gehoor("verify")

    assert (0, True) == (erased.code, erased.out.startswith("erased: complainant"))
    assert "Sanne" not in told.out
    assert {"[erased]"} == set(told.lines[0]["personal"]["complainant"].values())
    assert ["ErasureRequested", "SubjectErased"] == [event["type"] for event in told.lines[-2:]]
    assert 0 == verified.code


async def test_what_is_no_reference_is_said_before_anything_is_asked(gehoor: Gehoor) -> None:
    """Nobody confirms, or looks for, a case that cannot exist."""
    answers = [
        await gehoor("erase", "nope"),
        await gehoor("parked", "retry", "nope"),
        await gehoor("parked", "show", "nope"),
    ]

    assert [(1, "", "gehoor: 'nope' is not a case reference\n")] * 3 == [
        (answer.code, answer.out, answer.err) for answer in answers
    ]


async def test_erasing_twice_changes_nothing_more(gehoor: Gehoor, filed: Filed) -> None:
    """Who is not sure whether it worked simply says it again."""
    await gehoor("erase", filed.reference, "--yes")
    told = await gehoor("history", filed.reference, "--json")

    again = await gehoor("erase", filed.reference, "--yes")

    assert 0 == again.code
    assert told.lines == (await gehoor("history", filed.reference, "--json")).lines


async def test_nobody_is_erased_by_accident(
    gehoor: Gehoor, filed: Filed, token: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A no, a person who is not in the case, a wrong reference or a handler's token forgets nobody."""
    declined = await gehoor("erase", filed.reference, typed="n\n")
    nobody = await gehoor("erase", filed.reference, "--yes", "--person", "about")
    unknown = await gehoor("erase", new_reference("SUP"), "--yes")
    monkeypatch.setenv("GEHOOR_TOKEN", token("handler").read_text())
    handler = await gehoor("erase", filed.reference, "--yes")
    monkeypatch.delenv("GEHOOR_TOKEN")

    assert [1, 1, 1, 2] == [declined.code, nobody.code, unknown.code, handler.code]
    assert "privacy_officer" in handler.err
    assert "Sanne" in (await gehoor("history", filed.reference)).out


async def test_what_a_clock_was_known_to_be_can_be_shown_after_it_moved(
    gehoor: Gehoor, filed: Filed, services: tuple[Platform, Platform, Platform]
) -> None:
    """A receipt that turns out to be earlier moves the clocks; what was promised until then stays shown."""
    _, workflow, deadlines = services
    before = await gehoor("clocks", filed.reference, "--json")
    then = datetime.now(UTC)
    earlier = ReceiptCorrected(received_at=RECEIVED_AT - timedelta(days=8), received_on=date(2026, 3, 2))
    await transact(
        workflow,
        Command(filed.case_id, new_case_id(), "staff:test", lambda _, now: [NewEvent(earlier, now)]),
    )
    await transact(deadlines, Command(filed.case_id, new_case_id(), "service:deadlines", settle))

    now = await gehoor("clocks", filed.reference, "--json", "--explain")
    known = await gehoor("clocks", filed.reference, "--json", "--known-at", then.isoformat())
    nobody_knew = await gehoor("clocks", filed.reference, "--known-at", "2026-03-01")

    assert before.lines == known.lines
    moved = {clock["clock"]: clock for clock in now.lines}
    assert {"2026-03-02"} == {reading["starts_on"] for reading in moved["SUP-1"]["readings"]}
    assert ["complaint received"] == moved["SUP-1"]["because"]
    assert moved["SUP-1"]["strict"]["on"] < before.lines[0]["strict"]["on"]
    assert 1 == nobody_knew.code


async def test_the_tables_that_are_read_can_be_made_again(
    gehoor: Gehoor, filed: Filed, services: tuple[Platform, Platform, Platform]
) -> None:
    """Lost or spoiled, the worklist and the next looks are what the events say, and can be made again."""
    _, workflow, deadlines = services
    first = await gehoor("rebuild", "--json")
    stood = await tables(workflow, deadlines)
    await workflow.pool.execute("UPDATE case_state SET handler = 'nobody'")
    await workflow.pool.execute("DELETE FROM case_state WHERE case_id = $1", filed.case_id)
    await deadlines.pool.execute("INSERT INTO due (case_id, fire_at) VALUES ($1, now())", new_case_id())

    again = await gehoor("rebuild", "--json")
    once_more = await gehoor("rebuild", "worklist")

    assert stood == await tables(workflow, deadlines)
    assert first.lines == again.lines
    assert ["workflow.case_state", "deadlines.due"] == [each["table"] for each in again.lines]
    assert {0} == {each["unreadable"] for each in again.lines}
    assert (0, 0, 0) == (first.code, again.code, once_more.code)
    assert once_more.out.startswith("workflow.case_state: ")


@pytest.mark.parametrize(
    ("role", "organisation", "code", "reason"),
    [
        ("ops", "*", 0, ""),
        ("auditor", "*", 2, "one of the roles admin, ops"),
        ("ops", "supportoplus", 2, "a token for all organisations"),
    ],
)
async def test_tables_are_made_again_for_who_looks_after_all_organisations(
    gehoor: Gehoor,
    filed: Filed,
    token: Callable[..., Path],
    role: Role,
    organisation: str,
    code: int,
    reason: str,
) -> None:
    """Making the tables again touches every case, so it takes somebody who answers for all of them."""
    answer = await gehoor("rebuild", "deadlines", "--token", token(role, organisation))

    assert (code, code == 0) == (answer.code, answer.out.startswith("deadlines.due: "))
    assert reason in answer.err


async def test_looking_after_the_system_takes_no_key_of_any_person(
    gehoor: Gehoor, filed: Filed, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    """What reads nothing personal goes on working while the key store is away."""
    monkeypatch.setenv("GEHOOR_KEYS_URL", f"postgresql://127.0.0.1:{free_port}/keys")

    answers = [await gehoor("verify"), await gehoor("parked", "list"), await gehoor("rebuild", "deadlines")]

    assert [0, 0, 0] == [answer.code for answer in answers]


async def tables(workflow: Platform, deadlines: Platform) -> list[list[Any]]:
    return [
        await workflow.pool.fetch("SELECT * FROM case_state ORDER BY case_id"),
        await deadlines.pool.fetch("SELECT * FROM due ORDER BY case_id"),
    ]
