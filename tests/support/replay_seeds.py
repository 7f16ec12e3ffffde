"""`python tests/support/replay_seeds.py FIRST [LAST]`: run seeds and say which break a promise, and how."""

import sys
from collections import Counter
from multiprocessing import Pool, cpu_count
from pathlib import Path
from time import monotonic

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / part) for part in ("libs", "services", "tools", "tests/support")]

from chaos.checker import check  # noqa: E402 - the path comes first
from interleaving_simulation import Simulation  # noqa: E402


def main() -> None:
    """Run the seeds on every core; exit status 1 when one is broken."""
    first = int(sys.argv[1])
    last = int(sys.argv[2]) if len(sys.argv) > 2 else first + 1
    since_s, broken, simulated_s, strikes = monotonic(), 0, 0.0, Counter[str]()
    with Pool(min(cpu_count(), last - first)) as pool:
        for seed, lived_s, struck, violations in pool.imap(_one, range(first, last), chunksize=8):
            simulated_s += lived_s
            strikes.update(struck)
            if violations:
                broken += 1
                sys.stdout.write(f"seed {seed}: {len(violations)} violations\n")
                sys.stdout.writelines(f"  {violation}\n" for violation in violations[:10])
    took_s = monotonic() - since_s
    sys.stdout.write(
        f"{last - first} seeds, {broken} broken, {simulated_s / 86_400 / 365:.1f} simulated years, "
        f"{60 * (last - first) / took_s:.0f} seeds a minute\n"
    )
    sys.stdout.write(
        f"{strikes['all']} faults around firings: {strikes['due']} while an end was due, "
        f"{strikes['commit']} while one was committed, {strikes['reading']} while one was read on, "
        f"{strikes['letter']} while a letter was owed; {strikes['seeds']} seeds had one of the first two\n"
    )
    sys.exit(1 if broken else 0)


def _one(seed: int) -> tuple[int, float, Counter[str], list[str]]:
    simulation = Simulation(seed)
    violations = [str(violation) for violation in check(simulation.run())]
    struck = Counter(met for strike in simulation.strikes for met in (*strike.met, "all"))
    struck["seeds"] = bool(struck["due"] or struck["commit"])
    return seed, simulation.world.now_s, struck, violations


if __name__ == "__main__":
    main()
