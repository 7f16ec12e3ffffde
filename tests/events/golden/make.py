"""Makes the golden files: what the software of today stores, to be read by every later one.

    PYTHONPATH=libs:services:tools:tests/support python tests/events/golden/make.py [--replace | --states]

Starts the whole system on a clock in which a day passes in two seconds, files one complaint to each of the
five organisations, waits until time changes nothing about them any more, and writes

- `histories/<organisation>.jsonl`: every column of every event of that case, and `<organisation>.state.json`,
  the state they fold to;
- `events/<Event>.v<version>.json`: the stored bytes of one event of each type, taken from those histories, or
  where they hold none an example with every field filled.

Without `--replace` it writes only files that are not there, and takes the histories that are: so a new event
or version gets its file, and after the first release no golden file is ever replaced. `--states` writes only
the states anew, for a state that tells more than before: read the difference. No test runs this.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import httpx2
import msgspec
from events.envelope import History

from cases.state import as_plain, fold
from deadlines.look import next_look
from events.catalogue import CATALOGUE, encode
from golden_histories import FOLDER, from_lines, to_lines
from whole_system import HAPPENS_WITHIN_S, WholeSystem, until

START = "2026-03-30T08:00:00+02:00"
SECONDS_PER_SECOND = "43200"
ENDS_WITHIN_S = 300.0

NOOR = {"name": "Noor Jansen", "company": "Bakkerij Voorbeeld", "email": "noor.jansen@example.org"}
SAMIRA = {"name": "Samira el Idrissi", "email": "samira.el.idrissi@example.org"}
JOOST = {"name": "Joost de Wit", "role": "ouder", "email": "joost.de.wit@example.org"}
ANNEKE = {"name": "Anneke Postma", "email": "anneke.postma@example.org", "reachability": "na zessen"}
DANIEL = {"name": "Daniel Okafor", "address": "Voorbeeldstraat 1\n0000 AA Voorbeeldstad"}

COMPLAINTS: Mapping[str, dict[str, Any]] = {
    "destiny": {"channel": "email", "complainant": NOOR, "received_at": "2026-03-27",
                "description": "De telefooncentrale valt elke middag uit.", "references": ["ORDER-4711"]},
    "bc": {"channel": "phone", "complainant": SAMIRA, "nature": "incident",
           "description": "Het gesprek over mijn re-integratie is niet doorgegaan."},
    "supportoplus": {"channel": "portal", "complainant": JOOST, "received_at": "2026-03-10T14:30",
                     "description": "De begeleider kwam drie keer niet opdagen.", "nature": "service",
                     "about": {"name": "Willem Vos", "function": "begeleider"}, "reported_on": "2026-03-09"},
    "preact": {"channel": "letter", "complainant": ANNEKE, "received_at": "2026-03-26", "language": "en",
               "description": "My file went to the wrong department.", "remedy_sought": "An apology."},
    "ingressus": {"channel": "portal", "complainant": DANIEL, "received_at": "2026-03-12",
                  "description": "De training werd op de dag zelf afgezegd."},
}  # fmt: skip
"""Invented people: one case reclassified by a person, one recorded late, one answered by post."""

A_DAY = date(2026, 4, 2)
A_MOMENT = datetime(2026, 4, 2, 9, 30, 0, 123456, UTC)
AN_IDENTIFIER = UUID("01960000-0000-7000-8000-0000000000aa")
WORDS: Mapping[str, str] = {
    "clock": "DES-1",
    "by": "des-01",
    "letter": "acknowledgement",
    "message_id": "<01960000-0000-7000-8000-0000000000aa@destiny.example>",
    "channel": "email",
    "zone": "Europe/Amsterdam",
    "starts": "complaint received",
}
"""What an example says where the field is a text; others say their own name."""


def example(hint: Any, name: str) -> Any:
    """Give a value for a field, none left empty, so that every field of the format is kept."""
    inner = get_args(hint)
    if isinstance(hint, UnionType):
        return example(inner[0], name)
    if get_origin(hint) is Literal:
        return inner[0]
    if get_origin(hint) is tuple:
        return (example(inner[0], name),)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        return hint(**{field: example(hints[field], field) for field in hint.__struct_fields__})
    plain = {
        bool: True,
        int: 1,
        date: A_DAY,
        datetime: A_MOMENT,
        UUID: AN_IDENTIFIER,
        str: WORDS.get(name, name),
    }
    return plain[hint]


async def histories() -> dict[str, History]:
    """Let the five cases run their course on the real system, and read them."""
    folder = Path(tempfile.mkdtemp(prefix="gg-", dir="/tmp"))
    system = WholeSystem(folder / "h", GEHOOR_CLOCK_START=START, GEHOOR_CLOCK_SPEED=SECONDS_PER_SECOND)
    try:
        await system.start()
        references = {}
        for organisation, complaint in COMPLAINTS.items():
            answer = await system.file({"organisation": organisation, **complaint})
            answer.raise_for_status()
            references[organisation] = answer.json()["reference"]
        await reclassify(system, references["bc"])
        made = {name: await course(system, reference) for name, reference in references.items()}
        erased = await system.gehoor("erase", references["destiny"], "--yes", "--basis", "request")
        assert erased.code == 0, erased.err
        return {**made, "destiny": await system.history(references["destiny"])}
    finally:
        await system.stop()
        shutil.rmtree(folder)


async def reclassify(system: WholeSystem, reference: str) -> None:
    """Let a handler decide that what was reported as an incident is a complaint."""
    token = (system.home / "tokens" / "handler").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    body = {"kind": "complaint", "because": "De melder is ontevreden over de dienstverlening."}

    async def done() -> bool:
        case = await system.case(reference)
        async with httpx2.AsyncClient(base_url=system.workflow, timeout=HAPPENS_WITHIN_S) as client:
            answer = await client.post(
                f"/v1/cases/{reference}/commands/reclassify",
                json=body,
                headers={**headers, "If-Match": case.headers.get("ETag", '"0"')},
            )
        return answer.status_code == 200

    await until(done, "the report is reclassified")


async def course(system: WholeSystem, reference: str) -> History:
    """Wait until every clock of a case has ended and its letter is away; gives its history."""

    async def ended() -> History | None:
        history = await system.history(reference)
        case = fold(history)
        if case is None or case.opened is None or not case.clocks:
            return None
        letters_are_away = all(letter.status in ("sent", "prepared") for letter in case.letters)
        return history if letters_are_away and next_look(history) is None else None

    found = await until(ended, f"{reference} has run its course", within_s=ENDS_WITHIN_S)
    assert found is not None
    return found


def main() -> None:
    replace, states = "--replace" in sys.argv[1:], "--states" in sys.argv[1:]
    kept = {name: FOLDER / "histories" / f"{name}.jsonl" for name in COMPLAINTS}
    if replace or not all(path.exists() for path in kept.values()):
        made = asyncio.run(histories())
    else:
        made = {name: from_lines(path.read_text(encoding="utf-8")) for name, path in kept.items()}
    files: dict[str, str] = {}
    for organisation, history in made.items():
        case = fold(history)
        assert case is not None
        files[f"histories/{organisation}.jsonl"] = to_lines(history)
        files[f"histories/{organisation}.state.json"] = (
            json.dumps(as_plain(case), indent=1, sort_keys=True) + "\n"
        )
    stored = {
        event.type: event.data for history in reversed(made.values()) for event in reversed(history.events)
    }
    for name, event in CATALOGUE.items():
        data = stored.get(name) or encode(example(event, name))
        files[f"events/{name}.v{event.schema_version}.json"] = data.decode() + "\n"
    for path, text in files.items():
        target = FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if replace or not target.exists() or (states and path.endswith(".state.json")):
            target.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}: {len(text.encode())} bytes\n")


if __name__ == "__main__":
    main()
