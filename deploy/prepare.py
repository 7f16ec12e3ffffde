"""Prepares what the containers of `compose.yaml` need before they start; runs in the image `gehoor`.

`prepare.py secrets` makes all secrets in the home and hands each container its own, in a volume of its own:
nobody gets another one's password. It also writes the configuration of the three NATS servers and, for each
Postgres server, its administrator's password. `prepare.py servers` then makes roles, schemas, stream and
durables. Both may be repeated at any time; what is there and right stays as it is.
"""

import asyncio
import os
import secrets as randomness
import sys
from collections.abc import Mapping
from pathlib import Path

import nats
import structlog

from events import secrets
from events.bus.grants import server_config
from events.errors import GehoorError, Misconfigured
from events.logs import configure, describe
from events.provision.provision import provision, provision_bus
from events.settings import Settings, load

log = structlog.get_logger()

HANDOUT = Path("/handout")
POSTGRES_SERVERS = ("postgres", "keys")
NATS_SERVERS = ("nats-1", "nats-2", "nats-3")
BUS_WITHIN_S = 60.0

_EVERY = ("database-{}", "nats-{}")
_PERSONAL = ("keys-{}", "master.key")
SECRETS_OF: Mapping[str, tuple[str, ...]] = {
    "relay": _EVERY,
    "deadlines": _EVERY,
    "intake": (*_EVERY, *_PERSONAL, "receipt.key", "status.key", "fingerprint.key", "token.key"),
    "workflow": (*_EVERY, *_PERSONAL, "fingerprint.key", "token.key"),
    "notifier": (*_EVERY, *_PERSONAL, "message.key"),
}
"""Which files each service reads, and therefore gets; `{}` is its name."""


def main() -> None:
    """Do what the one argument names; a wrong setting is one line and exit status 2."""
    try:
        settings = load()
        configure("prepare", settings.log_level)
        match sys.argv[1:]:
            case ["secrets"]:
                hand_out_secrets(settings)
            case ["servers"]:
                asyncio.run(prepare_servers(settings))
            case _:
                sys.exit("prepare.py takes one argument: secrets or servers")
    except Misconfigured as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(2)


def hand_out_secrets(settings: Settings) -> None:
    """Make every secret once, and give each container the files that are its own."""
    secrets.ensure(settings.home, settings.reader_names)
    for service, names in SECRETS_OF.items():
        for name in (template.format(service) for template in names):
            _hand(HANDOUT / service / name, (settings.secrets / name).read_bytes(), mode=0o400)
    _keep_a_shared_password(settings.secrets)
    for server in ("keys", "postgres", "nats-routes"):  # keys first: see _keep_a_shared_password
        _once(settings.secrets / f"admin-{server}")
    # The Postgres image reads its file as a user of its own; nobody but that server mounts this volume.
    for server in POSTGRES_SERVERS:
        password = (settings.secrets / f"admin-{server}").read_bytes()
        _hand(HANDOUT / server / "password", password, mode=0o444)
        (HANDOUT / server).chmod(0o755)
    routes = (settings.secrets / "admin-nats-routes").read_text()
    for server in NATS_SERVERS:
        text = server_config(
            settings.secrets,
            port=4222,
            monitor_port=8222,
            store_dir=Path("/data"),
            host="0.0.0.0",  # noqa: S104 - inside a network of its own
            readers=settings.reader_names,
        )
        _hand(HANDOUT / server / "nats.conf", (text + cluster_block(server, routes)).encode(), mode=0o400)
    log.info("secrets.handed_out", services=len(SECRETS_OF), bus_servers=len(NATS_SERVERS))


def cluster_block(server: str, password: str) -> str:
    """Describe one server's place in the cluster.

    Addresses of peers are not told to clients: they find a server by the name `nats`, behind which every
    living one stands. (nats-py would try a peer's address without user and password.)
    """
    peers = ", ".join(f'"nats://routes:{password}@{peer}:6222"' for peer in NATS_SERVERS if peer != server)
    return (
        f'server_name: "{server}"\n'
        f'cluster {{ name: gehoor, listen: "0.0.0.0:6222", no_advertise: true, routes: [{peers}],\n'
        f'  authorization {{ user: routes, password: "{password}", timeout: 2 }} }}\n'
    )


async def prepare_servers(settings: Settings) -> None:
    """Make roles and schemas on both Postgres servers, and what is on the bus if the bus is there."""
    addresses = []
    for server, variable, url in (
        ("postgres", "GEHOOR_DATABASE_URL", settings.database_url),
        ("keys", "GEHOOR_KEYS_URL", settings.keys_url),
    ):
        if url is None:
            raise Misconfigured(
                f"{variable} is not set: give the server's address, without user and password"
            )
        password = (settings.secrets / f"admin-{server}").read_text()
        addresses.append(url.replace("://", f"://postgres:{password}@", 1))
    await provision(settings, *addresses)
    log.info("provision.stores_ready")
    try:
        async with asyncio.timeout(BUS_WITHIN_S):
            changes = await _provision_bus_persistently(settings)
        log.info("provision.bus_ready", changes=len(changes))
    except TimeoutError:
        log.warning("provision.bus_not_ready", next_step="the leading relay prepares it when it comes")


async def _provision_bus_persistently(settings: Settings) -> list[str]:
    """Three servers need a moment to elect a leader; until then they refuse or are silent."""
    while True:
        try:
            return await provision_bus(settings)
        except (GehoorError, OSError, nats.errors.Error) as error:
            log.info("provision.waits_for_bus", **describe(error))
            await asyncio.sleep(1)


def _keep_a_shared_password(folder: Path) -> None:
    """A home made when both servers had one administrator's password keeps it: the servers know no other."""
    if (folder / "admin-postgres").exists() and not (folder / "admin-keys").exists():
        _hand(folder / "admin-keys", (folder / "admin-postgres").read_bytes(), mode=0o600)


def _once(path: Path) -> None:
    if not path.exists():
        _hand(path, randomness.token_urlsafe(24).encode(), mode=0o600)


def _hand(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that appears whole or not at all; the same content is left alone."""
    if path.exists() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.{randomness.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask is
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


if __name__ == "__main__":
    main()
