"""Metrics of the bus: they count messages and do not grow with the number of cases."""

from typing import Any
from uuid import uuid4

from faststream.nats import NatsBroker, TestNatsBroker
from prometheus_client import CollectorRegistry

from events.bus.metrics import metrics_middleware


async def test_metrics_do_not_grow_with_the_number_of_cases() -> None:
    """A hundred cases are counted a hundred times, in as many lines as one case."""
    registry = CollectorRegistry()
    broker = NatsBroker(middlewares=[metrics_middleware(registry)], logger=None)

    @broker.subscriber("gehoor.event.*.*.*.*")
    async def on_event(body: Any) -> None: ...

    async with TestNatsBroker(broker):
        lines = []
        for _ in range(100):
            await broker.publish("x", f"gehoor.event.3.destiny.CaseOpened.{uuid4()}")
            lines.append(sum(len(metric.samples) for metric in received(registry)))

    assert lines[0] == lines[-1]
    assert {100.0} == {
        sample.value
        for metric in received(registry)
        for sample in metric.samples
        if sample.name == "faststream_received_messages_total"
    }


def received(registry: CollectorRegistry) -> list[Any]:
    """Give what is counted of received messages; what is published here has its own names."""
    return [metric for metric in registry.collect() if metric.name.startswith("faststream_received")]
