"""Run the benchmark: `make bench`, `make bench CELL=append`, `make bench GROWTH=10m`.

Prints a table and writes everything as JSON to bench/results/. A cell that fails is named and fails the run,
but the others still run.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
import traceback
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import structlog
import uvloop

from bench.figures import Figure, short, table
from bench.machine import describe
from bench.run import RESULTS, Run, growth_asked
from bench.servers import Servers

CELLS = ("append", "grouped", "catch_up", "bus", "path", "clocks", "verifying", "growth", "start")


async def main() -> int:
    """Run the cells that CELL names (all without it); 1 when one of them failed."""
    growth, full = growth_asked()
    asked = [name for name in os.environ.get("CELL", "").replace("-", "_").split(",") if name]
    if unknown := [name for name in asked if name not in CELLS]:
        print(f"CELL={unknown[0]}: there is no such cell; choose of {', '.join(CELLS)}", file=sys.stderr)
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    servers = Servers(Path(os.environ["BENCH_FOLDER"]) if "BENCH_FOLDER" in os.environ else None)
    run = Run(servers, growth, full, int(os.environ.get("REPEATS", "5")))
    task = asyncio.current_task()
    if task is not None:  # a run that is stopped takes its servers with it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    figures: list[Figure] = []
    failed: list[str] = []
    try:
        machine = describe(servers.folder) | {"postgres": await servers.postgres_settings()}
        print(_heading(machine), flush=True)
        if machine["load_before"] > 1:
            print("The machine is busy with other work: believe ratios, repeat the rest when it is calm.\n")
        for name in asked or CELLS:
            began_s = time.monotonic()
            print(f"{name} …", flush=True)
            try:
                made = await import_module(f"bench.{name}").run(run)
            except asyncio.CancelledError:
                failed.append(f"{name} (told to stop)")
                break
            except Exception:  # noqa: BLE001 - the other cells are still worth having
                traceback.print_exc()
                failed.append(name)
                made = []
            figures += made
            for figure in made:
                print(f"  {figure.what}: {short(figure.value)} {figure.unit} {figure.reached}", flush=True)
            print(f"  {time.monotonic() - began_s:.0f} s", flush=True)
            await servers.done_with_cell()
    finally:
        await servers.close()
    machine["load_after"] = os.getloadavg()[0]
    path = _write(machine, figures, run, failed)
    print(f"\n{table(figures)}\n\n{path}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _heading(machine: dict[str, object]) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in dict(machine["postgres"]).items())  # type: ignore[call-overload]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load_before']:.1f}, "
        f"commit {machine['commit']}\n"
        f"fdatasync p50 {machine['fdatasync_p50_ms']} ms, p99 {machine['fdatasync_p99_ms']} ms\n"
        f"Postgres: {settings}\n"
    )


def _write(machine: dict[str, object], figures: list[Figure], run: Run, failed: list[str]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{machine['commit']}.json"
    found = [asdict(figure) | {"reached": figure.reached} for figure in figures]
    content = {"machine": machine, "figures": found, "details": run.details, "failed": failed}
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
