"""`gehoor up`: everything on this machine, until Ctrl-C."""


def up() -> None:
    """Start NATS, Postgres, the key store and every service, print the addresses, and stay until Ctrl-C.

    Settings come from the environment: GEHOOR_HOME, GEHOOR_INTAKE_PORT and so on. With GEHOOR_DATABASE_URL,
    GEHOOR_KEYS_URL, GEHOOR_NATS_URL or GEHOOR_SMTP_URL a server of your own is used, not an embedded one.

    \b
    Example: GEHOOR_HOME=/srv/gehoor GEHOOR_INTAKE_PORT=9080 gehoor up
    """  # fmt: skip
    import asyncio

    from events.settings import load
    from gehoor.embedded.run import run

    asyncio.run(run(load()))
