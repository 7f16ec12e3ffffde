"""eventsourcing 9.5.6 (Python, psycopg): appends, and reading while a slow writer holds a transaction."""

from bench.peers.environment import ask


async def append(url: str, threads: int, events: int) -> float:
    """Give events per second of single inserts, each its own commit, in its default mode."""
    answer: dict[str, float] = await ask(
        "eventsourcing_peer", do="append", url=url, threads=threads, events=events
    )
    return answer["per_s"]


async def lost_behind_a_slow_writer(url: str, hold_s: float) -> dict[str, int]:
    """Return how many events a reader misses with its database functions on, and how many were written."""
    answer: dict[str, int] = await ask("eventsourcing_peer", do="gap", url=url, hold_s=hold_s)
    return answer
