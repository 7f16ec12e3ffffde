"""procrastinate 3.10.0 and pgqueuer 1.6.0: what fetching due work costs with many jobs in the future."""

from bench.peers.environment import ask


async def claim_ms(name: str, url: str, future: int) -> dict[str, float]:
    """Return the median ms of a fetch of due work, with no future jobs and with `future` of them."""
    answer: dict[str, float] = await ask("queues_peer", name=name, url=url, future=future)
    return answer
