"""What a figure depends on besides the code: processors, memory, disk, other work, versions, the commit."""

import os
import platform
import subprocess
from pathlib import Path
from time import perf_counter
from typing import Any

SYNCS = 300


def describe(folder: Path) -> dict[str, Any]:
    """Tell about this machine now; `folder` is where the servers write."""
    p50_ms, p99_ms = sync_latency_ms(folder)
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit(),
        "fdatasync_p50_ms": round(p50_ms, 3),
        "fdatasync_p99_ms": round(p99_ms, 3),
    }


def sync_latency_ms(folder: Path) -> tuple[float, float]:
    """Time fdatasync after 8 KB appended, as a commit does it; return p50 and p99."""
    path = folder / "fdatasync.probe"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    taken_ms = []
    try:
        for _ in range(SYNCS):
            os.write(handle, b"\0" * 8192)
            began_s = perf_counter()
            os.fdatasync(handle)
            taken_ms.append((perf_counter() - began_s) * 1000)
    finally:
        os.close(handle)
        path.unlink()
    return percentile(taken_ms, 50), percentile(taken_ms, 99)


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` per cent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def commit() -> str:
    """Name the commit, with a mark when there are changes beside it."""
    name = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return (name or "unknown") + ("+changes" if changed else "")


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> tuple[float, float]:
    """Give RSS and PSS of a process."""
    found = rollup_mb(pid)
    return found["Rss"], found["Pss"]


def rollup_mb(pid: int) -> dict[str, float]:
    """Return all that the kernel tells about the memory of a process: Rss, Pss, Pss_Anon and more."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        found[name] = int(rest.split()[0]) / 1024
    return found


def processes() -> dict[int, list[str]]:
    """List the processes of this machine with their command lines."""
    found = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                command = (path / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue  # it has just ended
            found[int(path.name)] = command
    return found


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent
    try:
        done = subprocess.run(("git", *arguments), cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
