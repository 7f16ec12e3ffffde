"""The result of a campaign as a table for people and as JSON for machines."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from chaos.campaign import Result


def table(results: Sequence[Result]) -> str:
    """Give one line per kind of fault, and one for all, as Markdown."""
    counts: dict[str, int] = defaultdict(int)
    recoveries: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for name, count in result.faults.items():
            counts[name] += count
        for name, found in result.recoveries_s.items():
            recoveries[name] += found
    lines = ["| fault | count | whole path again, median | p99 | longest |", "|---|---|---|---|---|"]
    for name in sorted(counts, key=lambda name: -counts[name]):
        found = sorted(recoveries[name])
        times = (
            f"{median(found):.1f} s | {found[int(0.99 * (len(found) - 1))]:.1f} s | {found[-1]:.1f} s"
            if found
            else "– | – | –"
        )
        lines.append(f"| {name} | {counts[name]} | {times} |")
    violations = sum(len(result.violations) for result in results)
    seeds = sorted({result.attempt.seed for result in results})
    lines += [
        "",
        f"{sum(counts.values())} faults in {len(results)} runs, "
        f"{sum(result.complaints for result in results)} requests, "
        f"{sum(result.events for result in results)} events, {violations} violations; "
        f"longest way to rest {max((result.rested_after_s for result in results), default=0):.1f} s; "
        f"seeds {seeds[0]} to {seeds[-1]}, commit {results[0].commit}."
        if results
        else "no run",
    ]
    if reached := {point for result in results for point in result.reached}:
        hits = sum(sum(result.reached.values()) for result in results)
        lines.append(f"Failpoints: {hits} hits, {len(reached)} different pairs of point and fate.")
    return "\n".join(lines)


def write_json(results: Sequence[Result], path: Path) -> None:
    """Keep everything that the table is made of."""
    plain = [
        asdict(result)
        | {"violations": [str(violation) for violation in result.violations]}
        | {"attempt": {**asdict(result.attempt), "keep": str(result.attempt.keep or "")}}
        for result in results
    ]
    path.write_text(json.dumps(plain, indent=1) + "\n")
