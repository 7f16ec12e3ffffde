"""The pure core in many small worlds: crashes, pauses and reorderings at every step, months in a blink.

`python tests/simulation/replay.py 17` runs seed 17 again, exactly, and prints what is wrong with it.
"""

import sys
from pathlib import Path

import msgspec
import pytest

from chaos.checker import check

sys.path.append(str(Path(__file__).parent))

from simulate import Simulation

SEEDS = 60
"""A sample; `python tests/simulation/replay.py 0 100000` runs as many as there is time for."""


def test_many_seeds_break_no_promise() -> None:
    """Whatever dies, waits or comes twice: nothing is lost, doubled, early or unexplained."""
    broken = {
        seed: [str(violation) for violation in violations[:3]]
        for seed in range(SEEDS)
        if (violations := check(Simulation(seed).run()))
    }

    assert {} == broken


def test_a_seed_replays_exactly() -> None:
    """Whoever looks into a failure sees the very same thing again."""
    first, second = Simulation(7).run(), Simulation(7).run()

    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@pytest.mark.parametrize(
    ("bug", "found_by"),
    [
        ("no keys", "I2"),
        ("no fence", "I16"),
        ("position only", "I4"),
        ("trust the bus", "I5"),
        ("fire twice", "I8"),
        ("new identity", "I12"),
        ("hide uncertain", "I12"),
    ],
)
def test_a_broken_world_is_noticed(bug: str, found_by: str) -> None:
    """The simulation reaches the moments in which each of these mistakes shows."""
    found: set[str] = set()
    for seed in range(200):
        found |= {violation.invariant for violation in check(Simulation(seed, frozenset({bug})).run())}
        if found_by in found:
            break

    assert found_by in found
