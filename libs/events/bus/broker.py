"""FastStream on NATS, set up so that nothing is lost: manual acks, own pull loop, endless reconnects.

FastStream carries the application, its middleware, injection and documents. Its subscriber and its pull loop
are replaced by `subscriber.py` and `pull.py`.
"""

import asyncio
import os
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import structlog
from faststream.middlewares import AckPolicy
from faststream.nats import NatsBroker
from faststream.nats.security import NatsUserPassword
from nats.aio.client import Client
from prometheus_client import REGISTRY

from events.bus.metrics import metrics_middleware
from events.doorbell import SUBJECT as DOORBELL_SUBJECT

log = structlog.get_logger()

EXIT_CLOSED = 70
"""Exit status when the connection is closed for good: the supervisor starts the process again."""

DRAINS_WITHIN_S = 5
"""nats-py waits for messages that our pulls never take; the store has them anyway."""


@cache
def _metrics() -> Any:
    """Count messages in the process's registry; once, because a metric has one owner."""
    return metrics_middleware(REGISTRY)


class Broker(NatsBroker):
    """A broker that also stops while its server is away, when there is nothing to drain to."""

    stopping = False

    async def stop(self, *arguments: Any) -> None:
        # `on_closed` below ends the process when the connection is closed for good, but not in this case.
        self.stopping = True
        client: Client | None = self._connection
        if client is not None and not client.is_connected:
            # `super().stop()` would drain, and draining waits for a server that is away.
            self._connection = None
            with suppress(ConnectionError):  # it tries to send what is left, to a server that is gone
                await client.close()
        await super().stop(*arguments)


def make_broker(url: str, user: str) -> Broker:
    """Make a broker that never gives up reconnecting, and notices a silent network within 15 s.

    Name and password of `url` are passed apart from the address: the other servers of a cluster, which the
    client learns of later, have addresses without a password.
    """
    parts = urlsplit(url)
    server = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    last_error = {"text": ""}

    async def on_error(error: Exception) -> None:
        text = f"{type(error).__name__}: {error!s}"
        if text != last_error["text"]:  # once per kind, not once per attempt to reconnect
            log.warning("bus.error", user=user, detail=text)
        last_error["text"] = text

    async def on_reconnected() -> None:
        last_error["text"] = ""
        log.info("bus.reconnected", user=user)

    async def on_closed() -> None:
        if not broker.stopping:
            log.critical("bus.closed", user=user)
            # Nothing opens this connection again. The process would look alive and receive nothing.
            os._exit(EXIT_CLOSED)

    broker = Broker(
        server,
        security=NatsUserPassword(unquote(parts.username or ""), unquote(parts.password or "")),
        name=f"gehoor-{user}",
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        connect_timeout=2,
        ping_interval=5,
        max_outstanding_pings=2,
        drain_timeout=DRAINS_WITHIN_S,
        inbox_prefix=f"_INBOX_{user}",
        error_cb=on_error,
        closed_cb=on_closed,
        reconnected_cb=on_reconnected,
        graceful_timeout=10.0,
        ack_policy=AckPolicy.MANUAL,
        middlewares=[_metrics()],
        specification_url="nats://localhost:4222",  # the real one holds a password
        logger=None,
    )
    return broker


class BusDoorbell:
    """Rings over the broker's connection when there is one."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker
        # The event loop holds tasks only weakly: one that nobody else holds may vanish before it has run.
        self._ringing: set[asyncio.Task[None]] = set()

    def ring(self) -> None:
        """Start a ping and return at once; while one is under way a second one is of no use."""
        client: Client | None = self._broker._connection
        if client is None or not client.is_connected or self._ringing:
            return
        task = asyncio.get_running_loop().create_task(self._publish(client))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def _publish(self, client: Client) -> None:
        try:
            await client.publish(DOORBELL_SUBJECT, b"")
        except Exception as error:  # noqa: BLE001 - a courtesy: the relay looks by itself anyway
            log.debug("doorbell.silent", error=type(error).__name__)
