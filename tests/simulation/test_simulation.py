"""The pure core in many small worlds: crashes, pauses and reorderings at every step, weeks in a blink.

`python tests/support/replay.py 17` runs seed 17 again, exactly, and prints what is wrong with it.
"""

from functools import cache

import msgspec
import pytest

from chaos.checker import check
from chaos.record import StoredEvent
from chaos.sorted_history import sort_history
from interleaving_simulation import FAULTS_FOR_S, FIRED, Simulation

SEEDS = 60
"""A sample; `python tests/support/replay.py 0 100000` runs as many as there is time for."""


@cache
def lived(seed: int) -> Simulation:
    """Run a seed once for all tests that look at it."""
    simulation = Simulation(seed)
    simulation.run()
    return simulation


def told_by_time(simulation: Simulation) -> list[StoredEvent]:
    """List the warnings, breaches and other ends that were told after the first minute."""
    begins_s = simulation.world.lines[0].at_s + FAULTS_FOR_S  # type: ignore[union-attr]
    events = [line for line in simulation.world.lines if isinstance(line, StoredEvent) and line.type in FIRED]
    return [event for event in events if event.recorded_s > begins_s]


def finds(bug: str, seed: int, **more: int) -> set[str]:
    """Name the invariants that a planted mistake breaks in the world of a seed."""
    return {violation.invariant for violation in check(Simulation(seed, frozenset({bug}), **more).run())}


def found_in_some_world(bug: str, found_by: str) -> bool:
    return any(found_by in finds(bug, seed) for seed in range(200))


def test_many_seeds_break_no_promise() -> None:
    """Whatever dies, waits or comes twice: nothing is lost, doubled, early or unexplained."""
    broken = {
        seed: [str(violation) for violation in violations[:3]]
        for seed in range(SEEDS)
        if (violations := check(lived(seed).world.lines))
    }

    assert {} == broken


def test_a_seed_replays_exactly() -> None:
    """Whoever looks into a failure sees the very same thing again."""
    first, second = Simulation(7).run(), Simulation(7).run()

    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@pytest.mark.parametrize(
    ("met", "kinds", "share"),
    [
        ("due", {"crash", "pause"}, 0.6),
        ("commit", {"crash", "pause"}, 0.4),
        ("commit", {"crash"}, 0.25),
        ("reading", {"crash", "pause"}, 0.7),
        ("reading", {"all messages lost", "messages lost", "messages doubled"}, 0.7),
        ("letter", {"crash"}, 0.25),
    ],
)
def test_faults_strike_while_clocks_fire(met: str, kinds: set[str], share: float) -> None:
    """In many worlds something breaks while an end is due, is committed, is read on, or a letter is owed."""
    struck = [
        seed
        for seed in range(SEEDS)
        if any(met in strike.met and strike.kind in kinds for strike in lived(seed).strikes)
    ]

    assert len(struck) >= share * SEEDS


def test_warnings_and_breaches_are_told_amid_faults() -> None:
    """Every fourth end of a clock, or more, is told while something is broken."""
    told = amid = 0
    for seed in range(SEEDS):
        run = sort_history(lived(seed).world.lines)
        for event in told_by_time(lived(seed)):
            told += 1
            amid += run.is_disturbed(event.recorded_s, event.recorded_s)

    assert told > 5 * SEEDS
    assert amid > told / 4


def test_every_ending_of_a_letter_is_met() -> None:
    """Letters are taken over, refused for good, given up after days, printed, and in doubt."""
    events = [
        line for seed in range(SEEDS) for line in lived(seed).world.lines if isinstance(line, StoredEvent)
    ]
    types = {event.type for event in events}
    codes = {event.data["reply_code"] for event in events if event.type == "LetterRefused"}

    assert types >= {"LetterSent", "LetterRefused", "LetterPrepared", "LetterUncertain"}
    assert codes >= {0, 550}


@pytest.mark.parametrize(
    ("bug", "found_by"),
    [
        ("no keys", "I2"),
        ("no fence", "I16"),
        ("position only", "I4"),
        ("append blindly", "I4"),
        ("trust the bus", "I5"),
        ("first row stays", "I7"),
        ("fire twice", "I8"),
        ("old fold", "I8"),
        ("ask again", "I11"),
        ("give up early", "I11"),
        ("new identity", "I12"),
        ("hide uncertain", "I12"),
        ("drop poison", "I17"),
    ],
)
def test_a_broken_world_is_noticed(bug: str, found_by: str) -> None:
    """The simulation reaches the moments in which each of these mistakes shows."""
    assert found_in_some_world(bug, found_by)


@pytest.mark.parametrize("bug", ["fire again", "strike off first"])
def test_a_mistake_that_only_a_crash_at_a_firing_shows_is_noticed(bug: str) -> None:
    """A breach that is told twice, or never, after somebody died in the middle of telling it."""
    without_crashes = [seed for seed in range(20) if finds(bug, seed, struck_moments=0)]

    assert [] == without_crashes
    assert found_in_some_world(bug, "I8")
