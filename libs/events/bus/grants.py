"""Who may do what on the bus: one user per service with exact grants, and the server's configuration.

Grants are lists of what is allowed: everything else is refused by the server.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from events.bus.topology import STREAM, SUBJECTS, durable_name
from events.identity import PARTITIONS
from events.secrets import CONSUMERS, NATS_USERS


def server_config(
    secrets: Path,
    *,
    port: int,
    store_dir: Path,
    monitor_port: int | None = None,
    host: str = "127.0.0.1",
    readers: Sequence[str] = ("reader",),
) -> str:
    """Return the configuration of an embedded server: users with exact grants, fsync on every write.

    Raises OSError when a user's password file is not there: run `gehoor provision` first.
    """
    users = "\n".join(
        _user(name, (secrets / f"nats-{name}").read_text().strip()) for name in (*NATS_USERS, *readers)
    )
    monitor = f'http: "127.0.0.1:{monitor_port}"\n' if monitor_port is not None else ""
    return (
        f'listen: "{host}:{port}"\n{monitor}max_payload: 1MB\nwrite_deadline: "10s"\n'
        f"jetstream {{ store_dir: {json.dumps(str(store_dir))}, sync_interval: always }}\n"
        f"authorization {{\n  users = [\n{users}\n  ]\n}}\n"
    )


def grants(user: str) -> tuple[list[str], list[str]]:
    """Return what a user may publish to and subscribe to; who is none of ours is an integrator who reads."""
    # Answers come to an inbox. With the client's usual prefix every user could subscribe to all inboxes, and
    # read the messages that others pull.
    inbox = [f"_INBOX_{user}.>"]
    create_own = [
        f"$JS.API.CONSUMER.CREATE.{STREAM}.>",
        f"$JS.API.CONSUMER.INFO.{STREAM}.*",
        *(f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("INFO", "CREATE", "UPDATE")),
        *(
            f"$JS.API.CONSUMER.DELETE.{STREAM}.{durable_name(consumer, partition)}"
            for consumer in CONSUMERS
            for partition in range(PARTITIONS)
        ),
    ]
    match user:
        case "relay":
            return [SUBJECTS, "gehoor.doorbell", *create_own], [*inbox, "gehoor.doorbell"]
        case "provisioner":
            return [*create_own, f"$JS.API.CONSUMER.LIST.{STREAM}", "$JS.API.INFO"], inbox
        case _ if user in CONSUMERS:
            durables = [durable_name(user, partition) for partition in range(PARTITIONS)]
            return [*_pull(durables), "gehoor.doorbell"], inbox
        case _ if user in NATS_USERS:  # a service without a consumer: it only rings
            return ["gehoor.doorbell"], inbox
        case _:
            return [*_pull([user]), f"$JS.ACK.{STREAM}.{user}.>"], inbox


def _pull(durables: list[str]) -> list[str]:
    return [
        subject
        for name in durables
        for subject in (
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}",
            f"$JS.API.CONSUMER.INFO.{STREAM}.{name}",
        )
    ]


def _user(name: str, password: str) -> str:
    publish, subscribe = grants(name)
    return (
        f"    {{ user: {json.dumps(name)}, password: {json.dumps(password)}, permissions: {{ "
        f"publish: {{ allow: {json.dumps(publish)} }}, subscribe: {{ allow: {json.dumps(subscribe)} }} }} }}"
    )
