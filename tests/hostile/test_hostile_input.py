"""A thousand hostile requests, always the same ones: refused in words, echoed nowhere, and nothing is kept.

`make fuzz` sends a hundred thousand others to a whole system. How long an answer takes is judged there only.
"""

import random
from collections import Counter
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from hostile.client import Tally, send_all
from hostile.generators import Drawn, draw
from hostile.mutations import requests_of
from hostile.requests import CANARY
from hostile.stored_effects import unexplained
from hostile.target import Target

DRAWN = 200
SEED = 17

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    """Draw before anything is started, because it takes seconds in which nobody else gets a turn."""
    return list(draw(DRAWN, SEED))


@pytest.fixture(scope="module")
async def sent(drawn: list[Drawn], target: Target) -> tuple[Tally, str]:
    """Send them all; gives what was answered and what was logged meanwhile."""
    chance, tally = random.Random(SEED), Tally()
    requests = [request for one in drawn for request in requests_of(one, target.known_cases, chance)]
    with capture_logs() as logs:
        await send_all(requests, target.ports, tally)
    return tally, str(logs)


async def test_every_answer_keeps_the_rules(sent: tuple[Tally, str]) -> None:
    """No server error, every refusal a problem document with its reason, every answer as documented."""
    tally, _ = sent

    assert 1000 == tally.count
    assert [] == tally.findings, "\n".join(tally.findings[:20])
    assert [] == tally.too_often_busy


async def test_both_kinds_of_answer_are_there(sent: tuple[Tally, str]) -> None:
    """The requests are not all nonsense: some are accepted by each service, most are refused."""
    tally, _ = sent

    assert tally.filed
    assert tally.added
    assert tally.done
    assert 500 < sum(count for reply, count in tally.replies.items() if reply.partition(" ")[2][0] == "4")


async def test_a_refused_request_leaves_nothing(target: Target, sent: tuple[Tally, str]) -> None:
    """What stands in the store is exactly what was answered with success."""
    assert [] == await unexplained(target.admin, sent[0], set(target.known_cases.links))


async def test_an_addition_that_was_lost_is_told(target: Target, sent: tuple[Tally, str]) -> None:
    """Had one more been answered with 201 than stands, or one fewer, it would be found."""
    tally, _ = sent
    one = Counter({next(iter(tally.added)): 1})
    known = set(target.known_cases.links)

    lost = await unexplained(target.admin, replace(tally, added=tally.added + one), known)
    unanswered = await unexplained(target.admin, replace(tally, added=tally.added - one, uncertain=0), known)

    assert ["1 additions were answered with 201 and do not stand"] == lost
    assert ["1 additions stand without a 201; the answers of 0 were lost"] == unanswered


async def test_nothing_of_it_is_logged(sent: tuple[Tally, str]) -> None:
    """The word that stands in every request stands in no line of the log."""
    assert CANARY not in sent[1]
