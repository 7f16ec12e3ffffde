"""`gehoor provision`: prepare servers of your own."""

from typing import Annotated

import typer


def provision(
    nats_config: Annotated[
        bool,
        typer.Option("--nats-config", help="Print a NATS server configuration with all users, and stop."),
    ] = False,
    bus: Annotated[bool, typer.Option(help="Also make the stream and its durables on the bus.")] = True,
    new_epoch: Annotated[
        bool,
        typer.Option("--new-epoch", help="Once after a restore into another cluster, while no service runs."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make or correct roles, schemas, secrets, access tokens, streams and durables. Safe to repeat.

    GEHOOR_DATABASE_URL and GEHOOR_KEYS_URL are an administrator's addresses here, with user and password. The
    passwords of the services are made once and kept as files under $GEHOOR_HOME/secrets.

    \b
    Example:
      export GEHOOR_DATABASE_URL=postgresql://admin:secret@db.example:5432/gehoor
      export GEHOOR_KEYS_URL=postgresql://admin:secret@keys.example:5432/gehoor_keys
      export GEHOOR_NATS_URL=nats://bus.example:4222
      gehoor provision --nats-config > nats.conf      (start the NATS server with it)
      gehoor provision
    """  # fmt: skip
    import asyncio
    import json

    from events import secrets
    from events.bus.grants import server_config
    from events.provision.provision import provision as make
    from events.provision.provision import provision_bus
    from events.settings import load
    from gehoor.embedded.outside import check_nats, check_postgres, without_password
    from gehoor.embedded.run import keep_the_screen_tidy

    keep_the_screen_tidy()
    settings = load()
    if nats_config:
        secrets.ensure(settings.home, settings.reader_names)
        store = settings.home.absolute() / "nats"
        anywhere = "0.0.0.0"  # noqa: S104 - a server of its own, behind its own firewall
        print(
            server_config(
                settings.secrets, port=4222, store_dir=store, host=anywhere, readers=settings.reader_names
            )
        )
        return

    async def work() -> dict[str, object]:
        from events.errors import Misconfigured

        if settings.database_url is None or settings.keys_url is None:
            raise Misconfigured(
                "GEHOOR_DATABASE_URL and GEHOOR_KEYS_URL must be set to an administrator's addresses "
                "(`gehoor up` provisions the embedded servers by itself)"
            )
        done: dict[str, object] = {
            "postgres": await check_postgres("GEHOOR_DATABASE_URL", settings.database_url),
            "keys": await check_postgres("GEHOOR_KEYS_URL", settings.keys_url),
        }
        done["corrected"] = await make(
            settings, settings.database_url, settings.keys_url, new_epoch=new_epoch
        )
        done["database"] = without_password(settings.database_url)
        if bus and settings.nats_url is not None:
            done["nats"] = await check_nats(settings.nats_url)
            done["bus"] = await provision_bus(settings)
        return done

    done = asyncio.run(work())
    if as_json:
        print(json.dumps(done))
        return
    print(f"provisioned {done['database']} (Postgres {done['postgres']})")
    print(f"and the key store (Postgres {done['keys']})")
    corrected = done["corrected"]
    assert isinstance(corrected, list)  # noqa: S101
    for line in corrected:
        print(f"  corrected: {line}")
    if "nats" in done:
        changes = done["bus"]
        assert isinstance(changes, list)  # noqa: S101
        print(f"bus (NATS {done['nats']}): {len(changes)} changes")
        for line in changes:
            print(f"  {line}")
    print(f"secrets are in {settings.secrets.absolute()}; give each service its own")
