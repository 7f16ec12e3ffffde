"""Invented cases lived through by the real services, on a clock in which a day passes in a second.

Every clock must end as the oracle says, who knows nothing but what was done when. What is stored then is told
again, and under other rules somebody else would have been late.
"""

import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from events import access_tokens
from gehoor.connection import connected
from gehoor.embedded.home import Home
from gehoor.simulate.driver import Driver, compare
from gehoor.simulate.live import LiveRun, begins_at
from simulated_year import oracle_says
from simulation.arrivals import Season
from simulation.case_run import CaseRun
from whole_system import Answer, WholeSystem

pytestmark = pytest.mark.journey

ASKED = LiveRun(15, 1, Season(date(2026, 3, 24), 8), timedelta(days=30), speed=86_400.0)
"""Around Easter 2026, when the two calendars differ."""


TAKES_AT_MOST_S = 180.0


async def what_if(system: WholeSystem, *arguments: str, **settings: str) -> Answer:
    """Run stored cases again."""
    return await system.gehoor("simulate", "--what-if", *arguments, within_s=TAKES_AT_MOST_S, **settings)


@pytest.fixture(scope="module")
def cases() -> list[CaseRun]:
    """Fifteen cases, three of each organisation, in which a day more or less changes no end."""
    return ASKED.cases()


@pytest.fixture(scope="module")
async def lived(cases: list[CaseRun]) -> AsyncIterator[tuple[WholeSystem, Driver]]:
    """The whole system, after it has lived through them; its clock goes on."""
    folder = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp"))
    start = begins_at(cases, ASKED.speed).isoformat()
    system = WholeSystem(folder / "h", GEHOOR_CLOCK_START=start, GEHOOR_CLOCK_SPEED=str(ASKED.speed))
    try:
        await system.start()
        driver = Driver(cases)
        await driver.drive(connected(system.home), Home(system.home).read().urls)
        yield system, driver
    finally:
        try:
            await system.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


async def test_every_clock_ends_as_the_oracle_says(
    cases: list[CaseRun], lived: tuple[WholeSystem, Driver]
) -> None:
    """What the services kept is what somebody finds who judges the diary alone.

    A case in which something came more than a day too late proves nothing about its clocks.
    """
    _, driver = lived

    assert [] == compare(cases, driver.outcome, oracle_says(cases))
    assert len(driver.outcome.ended) == 15
    if len(driver.outcome.delayed) == len(cases):
        pytest.skip(
            "this machine has so much else to do that every case was delayed by days of its fast clock"
        )


@pytest.mark.parametrize("organisation", ["destiny", "bc", "supportoplus", "preact", "ingressus"])
async def test_what_is_stored_is_told_again_byte_for_byte(
    lived: tuple[WholeSystem, Driver], organisation: str
) -> None:
    """Under unchanged rules deadlines tells the very same: types, bytes, moments and order."""
    system, _ = lived

    answer = await what_if(system, organisation, "--json")

    assert 0 == answer.code, answer.out + answer.err
    assert {"cases": 3, "differ": 0} == {name: answer.lines[-1][name] for name in ("cases", "differ")}
    assert answer.lines[-1]["events"] > 10


async def test_under_a_shorter_term_somebody_would_have_been_late(
    lived: tuple[WholeSystem, Driver],
) -> None:
    """Only the promise whose term is another can be broken by it, and a longer one breaks none."""
    system, _ = lived

    answer = await what_if(system, "bc", "--term", "BNC-2=1 working day", "--json")
    longer = await what_if(system, "bc", "--term", "BNC-2=200 days", "--json")

    assert 0 == answer.code, answer.err
    assert {"BNC-2"} >= {line["clock"] for line in answer.lines if line["newly_late"]}
    assert "BNC-2" in {line["clock"] for line in answer.lines}
    assert [] == [line for line in longer.lines if line["newly_late"]]


async def test_stored_cases_are_read_for_a_purpose_of_the_register_only(
    lived: tuple[WholeSystem, Driver],
) -> None:
    """Whoever wants to use complaints for something else is refused, and so is a token of somewhere else."""
    system, _ = lived
    settings = connected(system.home)
    elsewhere = access_tokens.Access("embedded:auditor", frozenset({"auditor"}), frozenset({"destiny"}))
    token = access_tokens.issue(
        settings.secret("token.key"), elsewhere, begins_at(ASKED.cases(), ASKED.speed), timedelta(days=3_650)
    )

    other_purpose = await what_if(system, "bc", "--purpose", "marketing")
    other_token = await what_if(system, "bc", GEHOOR_TOKEN=token)
    nobody = await what_if(system, "nobody")

    assert [2, 2, 2] == [other_purpose.code, other_token.code, nobody.code]
    assert "account, handling" in other_purpose.err
    assert "bc" in other_token.err
    assert "nobody" in nobody.err
    assert json.dumps("marketing")[1:-1] in other_purpose.err
