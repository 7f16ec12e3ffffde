"""What is counted about messages: all of them under one name, however many cases there are.

FastStream's own middleware counts per subject. Our subjects name the case. So every event would add a dozen
time series to every consumer, for ever: memory that only grows, and a /metrics of megabytes.
"""

from collections.abc import Sequence
from typing import Any

from faststream.message import StreamMessage
from faststream.nats.prometheus.provider import BaseNatsMetricsSettingsProvider
from faststream.prometheus import ConsumeAttrs
from faststream.prometheus.middleware import PrometheusMiddleware
from prometheus_client import CollectorRegistry

from events.bus.topology import STREAM


class _UnderOneName(BaseNatsMetricsSettingsProvider[Any]):
    """Returns what is counted about one message or a batch."""

    def get_consume_attrs_from_message(self, msg: StreamMessage[Any]) -> ConsumeAttrs:
        raw = msg.raw_message
        messages = raw if isinstance(raw, Sequence) else [raw]
        return {
            "destination_name": STREAM,
            "message_size": sum(len(one.data) for one in messages),
            "messages_count": len(messages),
        }


def metrics_middleware(registry: CollectorRegistry) -> PrometheusMiddleware[Any, Any]:
    """Count messages, their size, how long they take and how they end, in this registry."""
    return PrometheusMiddleware(
        settings_provider_factory=lambda message: _UnderOneName(),
        registry=registry,
        metrics_prefix="faststream",
    )
