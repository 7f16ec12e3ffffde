"""The demonstration: a clock that is not real, and one complaint per organisation just before a deadline.

Each complaint is filed over HTTP like any other, with a date of receipt so far back that a promise which
nobody here will keep ends within the next simulated day or two: the procedure's own rules say which date.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

from events.catalogue import ClockRule
from events.settings import Settings
from gehoor.client import send
from gehoor.embedded.supervisor import Supervisor
from procedures.counting.derivation import derive
from procedures.library import in_force
from procedures.organisations import organisations
from procedures.procedure import Procedure

START = datetime(2026, 3, 30, 14, 0, tzinfo=UTC)
SPEED = 8640.0
"""Simulated seconds per real second: a day passes in ten."""

NOT_SOONER = timedelta(hours=12)
"""So far ahead a deadline must lie: five real seconds, enough for a case to be opened."""

FARTHEST_BACK_DAYS = 120

_TEXT = (
    f"DEMO CLOCK: this is not the real time. It began at {START:%Y-%m-%d %H:%M} UTC",
    f"and a day passes in {86_400 / SPEED:.0f} seconds. Nothing that happens here proves anything.",
)
_FRAME = "*" * (max(map(len, _TEXT)) + 6)
BANNER = "\n".join(
    f"  {line}" for line in (_FRAME, *(f"*  {text:<{len(_FRAME) - 6}}  *" for text in _TEXT), _FRAME)
)

PEOPLE = {
    "destiny": ("portal", "nl", "Noor Jansen", "De telefooncentrale valt elke middag uit."),
    "bc": ("email", "nl", "Samira el Idrissi", "Het gesprek over mijn re-integratie is niet doorgegaan."),
    "supportoplus": ("email", "nl", "Joost de Wit", "De begeleider kwam drie keer niet opdagen."),
    "preact": ("email", "nl", "Anneke Postma", "Mijn dossier ging naar de verkeerde afdeling."),
    "ingressus": ("email", "en", "Daniel Okafor", "The training was cancelled on the day itself."),
}
"""Invented people at example domains, by organisation: channel, language, name, complaint."""


def on_demo_clock(settings: Settings) -> Settings:
    """Give the same settings in a home of its own, on the demonstration's clock unless another was set."""
    return settings.model_copy(
        update={
            "home": settings.home / "demo",
            "clock_start": settings.clock_start or START,
            "clock_speed": settings.clock_speed or SPEED,
        }
    )


async def file_complaints(supervisor: Supervisor) -> None:
    """File one complaint to each organisation that has an example, and print which promise will break."""
    connection = await asyncpg.connect(supervisor.admin_database_url)
    try:
        for organisation in organisations():
            if organisation not in PEOPLE:
                continue
            now: datetime = await connection.fetchval("SELECT gehoor.clock_now()")
            found = shortly_before_a_deadline(organisation, now)
            if found is None:
                continue
            rule, received_on, due_on = found
            status, answer = await asyncio.to_thread(
                send, supervisor.record.urls["intake"], complaint(organisation, received_on)
            )
            if status != 201:
                supervisor.screen.problem(f"{organisation}: intake answered {status}: {answer}")
                continue
            supervisor.screen.line(
                f"  filed {answer['reference']:<20} received {received_on}; {rule.clock} "
                f"({rule.amount} {rule.unit}) ends on {due_on}"
            )
    finally:
        await connection.close()
    supervisor.screen.line()


def complaint(organisation: str, received_on: date) -> dict[str, Any]:
    """Give the example complaint to this organisation."""
    channel, language, name, description = PEOPLE[organisation]
    return {
        "organisation": organisation,
        "channel": channel,
        "language": language,
        "description": description,
        "received_at": received_on.isoformat(),
        "complainant": {"name": name, "email": name.lower().replace(" ", ".") + "@example.org"},
    }


def shortly_before_a_deadline(organisation: str, now: datetime) -> tuple[ClockRule, date, date] | None:
    """Find the date of receipt with the first deadline after now, for a promise no letter of ours keeps."""
    today = now.date()
    for back in range(FARTHEST_BACK_DAYS, 0, -1):
        received_on = today - timedelta(days=back)
        procedure = in_force(organisation, received_on)
        rule = _promise_nobody_keeps(procedure)
        if rule is None:
            return None
        due = derive(rule, received_on, procedure.zone).strict
        if due.at > now + NOT_SOONER:
            return rule, received_on, due.on
    return None


def _promise_nobody_keeps(procedure: Procedure) -> ClockRule | None:
    for rule in procedure.clocks:
        kept_by_letter = any(fact.startswith("acknowledgement") for fact in rule.satisfied_by)
        runs_from_receipt = rule.term == "counted" and rule.starts == "complaint received"
        if rule.kind == "duty" and rule.binds == "company" and runs_from_receipt and not kept_by_letter:
            return rule
    return None
