"""A short campaign with real processes, and a few of its tools alone: a sample of `make chaos`."""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from chaos.__main__ import missed
from chaos.campaign import RunResult, RunSpec, run
from chaos.checker import BROKE_OFF, Violation
from chaos.faults.catalogue import FAULTS
from chaos.load import complaint, meaning
from chaos.mixes import MIXES
from chaos.planted import PLANTED, SOUND
from chaos.planted_patches import PATCHES
from chaos.proxy import FaultProxy
from chaos.record import RequestSent, RunHistory, read_history
from chaos.sweep import hosts_of
from events.failpoints import FAILPOINTS

SEED = 41
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.journey
async def test_kills_under_load_break_no_promise() -> None:
    """Processes die, mail is dropped, the bus is wiped; nothing is lost, doubled, early or shown.

    Two of everything run, and the load goes on until an error has no excuse any more.
    """
    result = await run(RunSpec(SEED, seconds=30.0, mix="sample", rate=6.0, rests_within_s=240.0))

    assert [] == [str(violation) for violation in result.violations]
    assert sum(result.faults.values()) >= 6
    assert result.judged_s > 5.0


@pytest.mark.journey
@pytest.mark.parametrize("bug", ["forgets_keys_of_requests", "moves_checkpoint_first"])
async def test_a_planted_bug_is_found(bug: str) -> None:
    """The same campaign turns red when a service is wrong."""
    spec = RunSpec(SEED, 1.0, "planted", rate=8.0, planted=bug, rests_within_s=5.0, twice=False)

    result = await run(spec)

    assert BROKE_OFF not in {violation.invariant for violation in result.violations}
    assert set(PLANTED[bug].found_by) & {violation.invariant for violation in result.violations}


@pytest.mark.parametrize(
    ("bug", "violations", "escapes"),
    [
        ("drops_poison", [Violation("I17", "workflow has not set the poisoned case 7 aside")], False),
        ("drops_poison", [Violation("I17", "no rest after 20 s: 3 messages")], True),
        ("drops_poison", [Violation(BROKE_OFF, "not ready within 120 s")], True),
        ("drops_poison", [], True),
        ("loses_messages", [], False),
        ("loses_messages", [Violation("I1", "201 and 0 events")], True),
        (SOUND, [], False),
        (SOUND, [Violation("I17", "no rest after 20 s: 3 messages")], True),
    ],
)
def test_a_bug_is_found_by_its_own_invariant_and_words(
    bug: str, violations: list[Violation], escapes: bool
) -> None:
    """A slow machine and a run that breaks off are no finding, and a harmless bug must show nothing."""
    spec = RunSpec(SEED, 1.0, "planted", planted=bug)

    result = RunResult(spec, violations, {}, {}, 0, 0, 0.0, 0.0, "")

    assert escapes == bool(missed(result))


def test_every_mix_names_faults_that_exist() -> None:
    """A mix with a misspelt fault would look like a system that survives it."""
    for mix in (*MIXES.values(), *(bug.mix for bug in PLANTED.values())):
        assert set(mix.faults) <= set(FAULTS)


def test_every_failpoint_is_passed_by_somebody() -> None:
    """Each point but those of forgetting, which the campaign passes itself, can be reached in a process."""
    for name in FAILPOINTS:
        if not name.startswith("erasure."):
            assert hosts_of(name)


async def test_every_patch_still_finds_what_it_breaks() -> None:
    """A planted bug that no longer fits the code would be found by nobody, and nobody would notice."""
    program = "from chaos.planted_patches import PATCHES\nfor patch in PATCHES.values(): patch()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, env={**os.environ, "PYTHONPATH": "libs:services:tools"}
    )

    assert 0 == await process.wait()
    assert {name for name, bug in PLANTED.items() if bug.modules} == set(PATCHES)


def test_the_same_seed_writes_the_same_complaint() -> None:
    """A run can be attempted again with the very same requests."""
    assert complaint("1-1", random.Random(3)) == complaint("1-1", random.Random(3))


@pytest.mark.parametrize(
    ("status", "text", "is_sent", "outcome"),
    [
        (201, "{}", True, "ok"),
        (422, "", True, "fail"),
        (0, "", False, "fail"),
        (0, "", True, "info"),
        (500, "", True, "info"),
        (503, '{"type": "urn:gehoor:problem:store-away"}', True, "info"),
        (503, '{"type": "urn:gehoor:problem:busy"}', True, "fail"),
    ],
)
def test_an_answer_means_no_more_than_it_says(status: int, text: str, is_sent: bool, outcome: str) -> None:
    """Only what certainly was not stored counts as failed; what nobody knows stays unknown."""
    assert outcome == meaning(status, text, is_sent=is_sent)


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A run can be judged again later, by a better judge."""
    history = RunHistory(tmp_path / "history.jsonl")
    history.write(RequestSent(key="1", content="a", address="k@example.org"))
    history.close()

    assert history.lines == list(read_history(tmp_path / "history.jsonl"))


async def test_the_proxy_cuts_and_heals() -> None:
    """Connections through the proxy break when told to, and new ones work afterwards."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(100):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    proxy = FaultProxy(lambda: port, SEED)
    await proxy.start()
    try:
        assert b"hello" == await _echoed(proxy.port)
        proxy.set_mode("cut")
        with pytest.raises(OSError):
            await _echoed(proxy.port)
        proxy.set_mode("normal")
        assert b"hello" == await _echoed(proxy.port)
    finally:
        await proxy.stop()
        server.close()


async def _echoed(port: int) -> bytes:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"hello")
            answer = await reader.read(100)
        finally:
            writer.close()
    if not answer:
        raise ConnectionError("cut")
    return answer
