"""`gehoor demo`: the whole system on a clock in which days pass in seconds."""


def demo() -> None:
    """Start everything in a home of its own ($GEHOOR_HOME/demo) on an accelerated clock, and file a complaint
    to each of the five organisations shortly before one of its deadlines: the first breach is seen within a
    minute. Ports and Ctrl-C are those of `gehoor up`.

    \b
    Example: GEHOOR_INTAKE_PORT=9080 gehoor demo
    """  # fmt: skip
    import asyncio

    from events.settings import load
    from gehoor.demo import BANNER, file_complaints, on_demo_clock
    from gehoor.embedded.run import run

    asyncio.run(run(on_demo_clock(load()), banner=BANNER, when_up=file_complaints))
