"""Recording complaints: keys, then one transaction for all that wait, then the bell.

What always holds: whoever gets `Done` may be told 201, because it is committed. A key of a request that was
used before gives the earlier answer and appends nothing. A complaint that loses (a key that somebody else
used at the same moment, a reference that was taken) does not disturb the others of its transaction.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID, uuid4

import asyncpg
import msgspec

from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT
from events.envelope import Cause, Recorded
from events.errors import ClockDisagrees
from events.identity import command_id_of, new_case_id, new_reference
from events.keys import KeyStore, NewPerson
from events.platform import Platform
from events.sealing import next_rows
from events.store import Entry, NewCase
from intake.answer import answer_of
from intake.links import StatusLinks
from intake.receipts import Receipts
from intake.submission import Filing

ATTEMPTS = 4
"""For a reference that was taken (one in 2^50) or a clock that has to be measured again."""

AWAY: tuple[type[Exception], ...] = (
    OSError,  # TimeoutError is one
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""The store cannot be written to now; whether the last transaction stands is not known."""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """How a repeat of a request is recognised: its key, and what it said, both as keyed hashes."""

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """A complaint to be recorded under a reference that is new, as far as we know."""

    filing: Filing
    actor: str
    repeatable: Repeatable | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """How it fared: `answer` is the content of the 201; a mismatch used its key for another complaint."""

    outcome: Literal["created", "repeated", "mismatch"]
    case_id: UUID
    answer: bytes = b""

    @property
    def status_url(self) -> str:
        """The address in the answer."""
        address: str = msgspec.json.decode(self.answer)["status_url"]
        return address


class NotRecorded(Exception):
    """It could not be recorded this time, and nothing of it stands: try again."""


UNRECORDED: tuple[type[Exception], ...] = (*AWAY, NotRecorded)
"""Why a whole batch may fail without any complaint in it being wrong."""

_EARLIER = """
SELECT i.scope, i.key, i.fingerprint, i.case_id, i.response
FROM gehoor.idempotency i JOIN unnest($1::text[], $2::text[]) AS asked(scope, key) USING (scope, key)
"""


class Recorder:
    """Appends batches of new cases."""

    def __init__(self, platform: Platform, receipts: Receipts, links: StatusLinks) -> None:
        if platform.keys is None:
            raise TypeError("intake writes personal fields and needs the key store")
        self._platform = platform
        self._keys: KeyStore = platform.keys
        self._receipts = receipts
        self._links = links

    async def record(self, batch: Sequence[Wanted]) -> list[Done]:
        """Record a batch; gives how each fared, in order. Raises one of `AWAY` when the store is away."""
        done: dict[int, Done] = await self._earlier(dict(enumerate(batch)))
        waiting = {i: wanted for i, wanted in enumerate(batch) if i not in done}
        for _ in range(ATTEMPTS):
            if not waiting:
                break
            first = _first_of_each_key(waiting)
            appended, retaken = await self._append(first)
            done |= appended
            waiting |= retaken
            waiting = {i: wanted for i, wanted in waiting.items() if i not in done}
            done |= await self._earlier(waiting)
            waiting = {i: wanted for i, wanted in waiting.items() if i not in done}
        if waiting:
            raise NotRecorded(f"{len(waiting)} complaints were not recorded after {ATTEMPTS} attempts")
        if any(one.outcome == "created" for one in done.values()):
            self._platform.doorbell.ring()
        return [done[i] for i in range(len(batch))]

    async def _append(self, chosen: dict[int, Wanted]) -> tuple[dict[int, Done], dict[int, Wanted]]:
        """Append them in one transaction; gives those that stand, and those to try under a new reference."""
        case_ids = {i: new_case_id() for i in chosen}
        await self._keys.mint([person for i in chosen for person in _persons(case_ids[i], chosen[i].filing)])
        cases, done, retaken = dict[UUID, int](), dict[int, Done](), dict[int, Wanted]()
        new_cases = []
        for i, wanted in chosen.items():
            (row,) = self._rows(case_ids[i], wanted)
            answer = to_json(answer_of(row, self._receipts, self._links))
            cases[case_ids[i]] = i
            done[i] = Done("created", case_ids[i], answer)
            new_cases.append(_new_case(row, wanted, answer))
        try:
            async with self._platform.pool.acquire() as connection, connection.transaction():
                fared = await self._platform.store.append_new_cases(connection, new_cases)
        except ClockDisagrees:
            await self._platform.store.measure_clock()
            return {}, {}
        for case_id, status in fared.items():
            if status == "ok":
                continue
            i = cases[case_id]
            del done[i]
            if status == "reference taken":
                retaken[i] = _under_another_reference(chosen[i])
        return done, retaken

    def _rows(self, case_id: UUID, wanted: Wanted) -> list[Recorded]:
        repeatable = wanted.repeatable
        command_id = (
            command_id_of("intake", repeatable.scope, repeatable.key) if repeatable is not None else uuid4()
        )
        return next_rows(
            case_id=case_id,
            organisation=wanted.filing.organisation.id,
            version=0,
            previous_hash=b"",
            events=[wanted.filing.new],
            cause=Cause(wanted.actor, command_id, correlation=case_id, traceparent=wanted.traceparent),
            recorded_at=self._platform.clock.now(),
            salt_key=self._platform.store.salt_key,
            keys=self._keys.of_case(case_id),
        )

    async def _earlier(self, batch: dict[int, Wanted]) -> dict[int, Done]:
        """Find those whose key was used before, and whether for the same complaint."""
        asked = {i: wanted.repeatable for i, wanted in batch.items() if wanted.repeatable is not None}
        if not asked:
            return {}
        rows = await self._platform.pool.fetch(
            _EARLIER, [one.scope for one in asked.values()], [one.key for one in asked.values()]
        )
        stored = {(row["scope"], row["key"]): row for row in rows}
        done: dict[int, Done] = {}
        for i, one in asked.items():
            row = stored.get((one.scope, one.key))
            if row is None:
                continue
            same = hmac.compare_digest(row["fingerprint"], one.fingerprint)
            done[i] = Done(
                "repeated" if same else "mismatch", row["case_id"], row["response"] if same else b""
            )
        return done


def _first_of_each_key(waiting: dict[int, Wanted]) -> dict[int, Wanted]:
    """Leave out requests whose key comes twice: when the first stands, the others find its answer."""
    seen: set[tuple[str, str]] = set()
    first: dict[int, Wanted] = {}
    for i, wanted in waiting.items():
        if wanted.repeatable is not None:
            key = (wanted.repeatable.scope, wanted.repeatable.key)
            if key in seen:
                continue
            seen.add(key)
        first[i] = wanted
    return first


def _persons(case_id: UUID, filing: Filing) -> list[NewPerson]:
    """Name the persons of a new case: the complainant always, because letters to them follow."""
    complainant = filing.new.personal.get(COMPLAINANT, {})
    persons = [NewPerson(case_id, COMPLAINANT, complainant.get("email"), complainant.get("phone"))]
    if ABOUT in filing.new.personal:
        persons.append(NewPerson(case_id, ABOUT))
    return persons


def _under_another_reference(wanted: Wanted) -> Wanted:
    filing = wanted.filing
    event = msgspec.structs.replace(filing.event, reference=new_reference(filing.organisation.code))
    return replace(wanted, filing=replace(filing, new=replace(filing.new, event=event)))
