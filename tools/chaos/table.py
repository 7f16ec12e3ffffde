"""The result of a campaign as tables for people, and as JSON lines for machines.

`python -m chaos.table FILE …` prints the tables of results that were written before (`RESULTS=FILE`).
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from chaos.campaign import RunResult


def plain(result: RunResult) -> dict[str, Any]:
    """Return everything that the tables are made of."""
    # The key "attempt" stands in files of earlier results, so it does not follow the field's name.
    plain_result = asdict(result)
    del plain_result["spec"]
    return plain_result | {
        "violations": [str(violation) for violation in result.violations],
        "attempt": {**asdict(result.spec), "keep": str(result.spec.keep or "")},
    }


def add_to(path: Path, result: RunResult) -> None:
    """Add one result to a file of JSON lines."""
    with path.open("a") as file:
        file.write(json.dumps(plain(result)) + "\n")


def tables(results: Sequence[Mapping[str, Any]]) -> str:
    """Return one line per run, one per kind of fault, and one for all, as Markdown."""
    if not results:
        return "no run"
    return "\n\n".join(filter(None, [_runs(results), _faults(results), _points(results), _sum(results)]))


def _runs(results: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| mix | seed | commit | faults | requests | events | judged | violations | rest | took | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in results:
        attempt = one["attempt"]
        lines.append(
            f"| {attempt['mix']} | {attempt['seed']} | {one['commit']} | {sum(one['faults'].values()):,} "
            f"| {one['complaints']:,} | {one['events']:,} | {one.get('judged_s', 0.0):.0f} s "
            f"| {len(one['violations'])} "
            f"| {one['rested_after_s']:.1f} s | {one['took_s']:.0f} s | {one['load_average']:.0f} |"
        )
    return "\n".join(lines)


def _faults(results: Sequence[Mapping[str, Any]]) -> str:
    counts: dict[str, int] = defaultdict(int)
    recoveries: dict[str, list[float]] = defaultdict(list)
    promises: dict[str, list[float]] = defaultdict(list)
    for one in results:
        for name, count in one["faults"].items():
            counts[name] += count
        for name, found in one["recoveries_s"].items():
            recoveries[name] += found
        for name, found in one.get("promises_again_s", {}).items():
            promises[name] += found
    lines = [
        "| fault | count | first 201 again: median | p99 | longest | first letter: median | p99 | longest |"
    ]
    lines += ["|---" * 8 + "|"]
    names = sorted(counts, key=lambda name: -counts[name])
    lines += [
        f"| {name} | {counts[name]:,} | {_spread(promises[name])} | {_spread(recoveries[name])} |"
        for name in names
    ]
    return "\n".join(lines)


def _points(results: Sequence[Mapping[str, Any]]) -> str:
    hits: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    slowest: dict[str, list[float]] = defaultdict(list)
    for one in results:
        for pair, count in one["reached"].items():
            name, action = pair.split(" ")
            hits[name][action] += count
        for action, found in one["slowest_letters_s"].items():
            slowest[action] += found
    if not hits:
        return ""
    actions = sorted({action for name in hits for action in hits[name]})
    lines = [f"| failpoint | {' | '.join(actions)} |", "|---" * (1 + len(actions)) + "|"]
    lines += [
        f"| {name} | {' | '.join(str(hits[name][action]) for action in actions)} |" for name in sorted(hits)
    ]
    total = sum(sum(of_point.values()) for of_point in hits.values())
    pairs = sum(len([count for count in of_point.values() if count]) for of_point in hits.values())
    lines += ["", f"{total:,} hits, {pairs} different pairs of point and action."]
    lines += ["", "| action | slowest letter of the second after: median | p99 | longest |"]
    lines += ["|---|---|---|---|"]
    lines += [f"| {action} | {_spread(slowest[action])} |" for action in actions]
    return "\n".join(lines)


def _sum(results: Sequence[Mapping[str, Any]]) -> str:
    return (
        f"{sum(sum(one['faults'].values()) for one in results):,} faults in {len(results)} runs, "
        f"{sum(one['complaints'] for one in results):,} requests, "
        f"{sum(one['events'] for one in results):,} events, "
        f"{sum(len(one['violations']) for one in results)} violations; longest way to rest "
        f"{max(one['rested_after_s'] for one in results):.1f} s; "
        f"{sum(one['took_s'] for one in results) / 60:.0f} minutes in all; "
        f"{sum(map(_never_again, results))} faults without a letter afterwards."
    )


def _never_again(result: Mapping[str, Any]) -> int:
    """Count the faults after which no complaint was seen to have its letter, and so no recovery."""
    return int(sum(result["faults"].values()) - sum(map(len, result["recoveries_s"].values())))


def _spread(found: Iterable[float]) -> str:
    times = sorted(found)
    if not times:
        return "– | – | –"
    return f"{median(times):.1f} s | {times[ceil(0.99 * len(times)) - 1]:.1f} s | {times[-1]:.1f} s"


if __name__ == "__main__":
    given = [json.loads(line) for name in sys.argv[1:] for line in Path(name).read_text().splitlines()]
    sys.stdout.write(tables(given) + "\n")
