"""One run of the whole set-up as a person sees it: progress, addresses, what to try first, then events."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from shlex import quote

import structlog

from events.settings import Settings
from gehoor.embedded.screen import Screen
from gehoor.embedded.supervisor import Supervisor

STEPS = 3

WhenUp = Callable[[Supervisor], Awaitable[None]]


async def run(settings: Settings, *, banner: str = "", when_up: WhenUp | None = None) -> None:
    """Run until a signal asks to stop.

    `banner` is shown above the addresses; `when_up` runs once everything is ready.
    """
    keep_the_screen_tidy()
    screen = Screen(total=STEPS)

    async def after_start(supervisor: Supervisor) -> None:
        for line in welcome(supervisor, banner):
            screen.line(line)
        if when_up is not None:
            await when_up(supervisor)

    await Supervisor(settings, screen).run(after_start)


def welcome(supervisor: Supervisor, banner: str) -> list[str]:
    """Give the block of addresses and the first things to try."""
    urls = supervisor.record.urls
    home = supervisor.home.folder
    rows = [
        ("File a complaint", f"POST {urls['intake']}v1/complaints   (see {urls['intake']}openapi.json)"),
        ("Cases", f"{urls['workflow']}v1/cases   (token: {home}/tokens/)"),
        ("Sent mail", urls.get("mailbox", f"goes to {supervisor.record.smtp_url}")),
        ("State and logs", f"{home}   (log/, secrets/, run.json)"),
    ]
    return [
        *(["", *banner.splitlines()] if banner else []),
        "",
        *(f"  {title:<17} {text}" for title, text in rows),
        "",
        "  Try this first, in another terminal:",
        f"    curl -s {urls['intake']}v1/complaints -H 'Content-Type: application/json' -d '{{",
        '      "organisation": "destiny", "channel": "portal",',
        '      "description": "The line drops every day at noon.",',
        '      "complainant": {"name": "Noor Jansen", "email": "noor.jansen@example.org"}}\'',
        f"    {command_line_for(home)} history REFERENCE      (the reference from the answer)",
        "",
        "  Ctrl-C stops all; the data stays.",
        "",
    ]


def command_line_for(home: Path) -> str:
    """Name the command line, and the home where another than its own default is meant."""
    is_default = home == Settings.model_fields["home"].default.absolute()
    return ".venv/bin/gehoor" if is_default else f"GEHOOR_HOME={quote(str(home))} .venv/bin/gehoor"


def keep_the_screen_tidy() -> None:
    """Provisioning logs what it does; on this screen only errors have a place."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
