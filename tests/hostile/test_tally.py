"""What is made of the answers: which 503 is borne, and what counts as added."""

import json

from hostile.client import Tally
from hostile.invariants import broken, is_busy
from hostile.raw_http import Reply
from hostile.requests import HostileRequest

ADDITION = HostileRequest(
    "intake", b"POST", b"/v1/complaints/DES-1/messages", ((b"Idempotency-Key", b"one"),), b'{"message":"Hi"}'
)
ADDED = Reply(201, {"content-type": "application/json"}, b'{"reference":"DES-1","missing":[]}', 0.01)


def refusal(code: str) -> Reply:
    """A 503 with Retry-After, for this reason."""
    problem = {"type": f"urn:gehoor:problem:{code}", "title": "Not now", "status": 503}
    headers = {"content-type": "application/problem+json", "retry-after": "2"}
    return Reply(503, headers, json.dumps(problem, separators=(",", ":")).encode(), 0.01)


def test_a_store_that_is_away_is_a_server_error() -> None:
    """Nobody took it away: only too much at once may be answered so."""
    assert is_busy(refusal("busy"))
    assert not is_busy(refusal("store-away"))
    assert ["a server error: 503"] == list(broken(ADDITION, refusal("store-away")))


def test_one_in_a_thousand_may_be_told_to_come_back() -> None:
    """A second one is a finding."""
    tally = Tally(count=1_000)

    tally.take_busy(ADDITION, refusal("busy"))
    assert [] == tally.too_often_busy

    tally.take_busy(ADDITION, refusal("busy"))
    assert ["2 of 1000 were told that too much happens at once"] == tally.too_often_busy


def test_a_repeated_addition_counts_once() -> None:
    """The same key to the same complaint adds nothing the second time."""
    tally = Tally()

    tally.take(ADDITION, ADDED)
    tally.take(ADDITION, ADDED)

    assert {"DES-1": 1} == tally.added


def test_an_addition_without_an_answer_may_stand() -> None:
    """Nobody knows: it is counted apart."""
    tally = Tally()

    tally.take(ADDITION, Reply(-1, {}, b"", 60.0))

    assert ({}, 1) == (tally.added, tally.uncertain)
