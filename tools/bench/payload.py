"""What is appended in the benchmarks: invented complaints of about 1 KB, from a fixed seed.

An event of this size has about as much in clear (the received complaint with its flags) as in its encrypted
part (who complains, and what about).
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from events.catalogue import COMPLAINANT, ComplaintReceived
from events.identity import new_case_id
from events.record.encryption import CaseKeys, PersonKey
from events.record.envelope import Cause, NewEvent, Recorded
from events.record.sealing import next_rows

SEED = 20261121
_WORDS = [
    "levering",
    "monteur",
    "afspraak",
    "factuur",
    "storing",
    "telefoon",
    "wachten",
    "betaling",
    "klacht",
]


def complaints() -> Iterator[NewEvent]:
    """Return one complaint after another, the same ones in every run; `happened_at` is set when sealed."""
    chance = random.Random(SEED)
    while True:
        words = " ".join(chance.choices(_WORDS, k=34))
        yield NewEvent(
            ComplaintReceived(
                reference=f"SUP-{chance.randrange(10**5):05}-{chance.randrange(10**5):05}-A",
                channel="portal",
                channel_named=True,
                language="nl",
                nature=chance.choice(("service", "billing", "incident")),
                received_on=date(2026, 4, 2),
                reported_on=date(2026, 4, 1),
                given=("description", "name", "company", "email", "phone", "reachability"),
                missing=("address",),
                reachable_by=("email", "phone"),
            ),
            datetime.min.replace(tzinfo=UTC),
            {
                COMPLAINANT: {
                    "name": f"Klant {chance.randrange(10**6)}",
                    "email": f"klant{chance.randrange(10**6)}@klant.example",
                    "phone": f"+31 20 555 {chance.randrange(10**4):04}",
                    "description": words,
                }
            },
        )


class EventWriter:
    """Seals events of one case after another, as a service does, without talking to any server."""

    def __init__(self) -> None:
        self._complaints = complaints()
        key = PersonKey(UUID(int=7), bytes(reversed(range(32))))
        self._keys = CaseKeys({COMPLAINANT: key}, frozenset())

    def draw(self, number: int, at: datetime) -> list[NewEvent]:
        """Decide events; making them up is not part of what is measured."""
        return [
            NewEvent(new.event, at, new.personal)
            for new, _ in zip(self._complaints, range(number), strict=False)
        ]

    def seal(
        self,
        events: list[NewEvent],
        at: datetime,
        case_id: UUID | None = None,
        after: Recorded | None = None,
    ) -> list[Recorded]:
        """Encrypt, hash and chain events onto `after`, or onto nothing for a new case."""
        case_id = case_id or (after.case_id if after else new_case_id())
        return next_rows(
            case_id=case_id,
            organisation="supportoplus",
            after=after,
            events=events,
            cause=Cause("client:bench", case_id, case_id),
            recorded_at=at,
            keys=self._keys,
        )
