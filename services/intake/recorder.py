"""Recording complaints: persons' keys, then one transaction for all that wait, then the doorbell.

What always holds: a `RecordedComplaint` is returned only after its commit, so it can be answered with 201. A
request whose key was used before gets the earlier answer and appends nothing. A complaint that loses (a key
that another replica used at the same moment) does not disturb the others of its transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT
from events.errors import ClockDisagrees
from events.failpoints import failpoint
from events.identity import new_case_id, new_reference
from events.platform import Platform
from events.record.envelope import Cause
from events.record.sealing import next_rows
from events.store.database import transaction
from events.store.idempotency_rows import IdempotencyRow
from events.store.keys import KeyStore, NewPerson
from events.store.new_cases import REQUEST_KEYS, NewCase, append_new_cases
from events.store.streams import StreamAppend
from intake.acceptance import acceptance_of
from intake.receipts import Receipts
from intake.status_links import StatusLinks
from intake.submission import Filing
from web.idempotency import recall_rows, row_of
from web.idempotency_keys import RequestKey
from web.unavailable import AWAY

ATTEMPTS = 4
"""For a reference that is taken (one in 2^50), or a clock that has to be measured again."""


@dataclass(frozen=True, slots=True)
class ComplaintToRecord:
    """A complaint to be recorded, by whom, and how a repeat of it is recognised."""

    filing: Filing
    actor: str
    key: RequestKey
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedComplaint:
    """The result for one complaint: `answer` is the content of the 201.

    A mismatch was not recorded, because its key was used for another request; its `answer` is empty.
    """

    outcome: Literal["created", "repeated", "mismatch"]
    case_id: UUID
    answer: bytes

    @property
    def status_url(self) -> str:
        """Return the address of the status page, which stands in the answer."""
        address: str = msgspec.json.decode(self.answer)["status_url"]
        return address


class NotRecorded(Exception):
    """It could not be recorded this time, and nothing of it is stored: try again."""


UNRECORDED: tuple[type[Exception], ...] = (*AWAY, NotRecorded)
"""Errors for which a request is not to blame; a lost connection may have committed it all the same."""


class Recorder:
    """Records batches of complaints as new cases."""

    def __init__(self, platform: Platform, receipts: Receipts, links: StatusLinks) -> None:
        if platform.keys is None:
            raise TypeError("intake writes personal fields: its platform needs the key store")
        self._platform = platform
        self._keys: KeyStore = platform.keys
        self._receipts = receipts
        self._links = links

    async def record(self, batch: Sequence[ComplaintToRecord]) -> list[RecordedComplaint]:
        """Record a batch and return one result for each, in order.

        Raises one of `UNRECORDED` for the whole batch; then it is not known whether it is stored. One of them
        is `NotRecorded`, after the last attempt: then nothing of what is left stands.
        """
        waiting = dict(enumerate(batch))
        done = await self._earlier(waiting)
        for _ in range(ATTEMPTS):
            waiting = {i: wanted for i, wanted in waiting.items() if i not in done}
            if not waiting:
                break
            try:
                done |= await self._append(_first_of_each_key(waiting))
            except ClockDisagrees:
                await self._platform.store.measure_clock()  # and seal again: recorded_at is part of the hash
            except asyncpg.DeadlockDetectedError:
                continue  # another replica got the same keys in another order; nothing of ours stands
            except asyncpg.UniqueViolationError:
                waiting = {i: _under_another_reference(wanted) for i, wanted in waiting.items()}
            else:
                # What is left had its key twice in this batch: the first of them is stored now.
                done |= await self._earlier({i: wanted for i, wanted in waiting.items() if i not in done})
        if len(done) < len(batch):
            raise NotRecorded(f"{len(batch) - len(done)} complaints were not recorded in {ATTEMPTS} attempts")
        if any(one.outcome == "created" for one in done.values()):
            self._platform.doorbell.ring()
        return [done[i] for i in range(len(batch))]

    async def _append(self, chosen: Mapping[int, ComplaintToRecord]) -> dict[int, RecordedComplaint]:
        """Append in one transaction and return the results.

        Persons' keys are committed before, in the other cluster. After a crash in between they are unused
        and harmless; the other way round there could be events that nobody can decrypt.
        """
        case_ids = {i: new_case_id() for i in chosen}
        await self._keys.mint([person for i in chosen for person in _persons(case_ids[i], chosen[i].filing)])
        await failpoint("intake.keys_minted")
        made = {i: self._new_case(case_ids[i], wanted) for i, wanted in chosen.items()}
        async with transaction(self._platform.pool) as connection:
            await failpoint("intake.before_insert")
            kept = await append_new_cases(connection, [new for new, _ in made.values()])
            await failpoint("intake.before_commit")
        await failpoint("intake.committed")
        return {
            i: RecordedComplaint("created", case_ids[i], answer)
            if earlier is None
            else _again(chosen[i], earlier)
            for (i, (_, answer)), earlier in zip(made.items(), kept, strict=True)
        }

    def _new_case(self, case_id: UUID, wanted: ComplaintToRecord) -> tuple[NewCase, bytes]:
        """Seal the first event of a case, and write the answer that goes with it."""
        (row,) = next_rows(
            case_id=case_id,
            organisation=wanted.filing.organisation.id,
            after=None,
            events=[wanted.filing.new],
            cause=Cause(
                wanted.actor, wanted.key.command_id, correlation=case_id, traceparent=wanted.traceparent
            ),
            recorded_at=self._platform.clock.now(),
            keys=self._keys.of_case(case_id),
        )
        answer = to_json(acceptance_of(row, self._receipts, self._links))
        key = row_of(wanted.key, case_id, answer)
        return NewCase(StreamAppend([row], b""), wanted.filing.event.reference, key), answer

    async def _earlier(self, batch: Mapping[int, ComplaintToRecord]) -> dict[int, RecordedComplaint]:
        """Return results for those whose key was used before, in an earlier request or in this batch."""
        rows = await recall_rows(self._platform.pool, REQUEST_KEYS, [wanted.key for wanted in batch.values()])
        return {i: _again(wanted, rows[wanted.key]) for i, wanted in batch.items() if wanted.key in rows}


def _again(wanted: ComplaintToRecord, row: IdempotencyRow) -> RecordedComplaint:
    """Return the earlier answer, or a mismatch when the key was used for another request."""
    if wanted.key.is_for(row.fingerprint):
        return RecordedComplaint("repeated", row.case_id, row.response)
    return RecordedComplaint("mismatch", row.case_id, b"")


def _first_of_each_key(waiting: Mapping[int, ComplaintToRecord]) -> dict[int, ComplaintToRecord]:
    """Leave out repeats within the batch: once the first with a key is stored, they find its answer."""
    first: dict[tuple[str, str], tuple[int, ComplaintToRecord]] = {}
    for i, wanted in waiting.items():
        key = wanted.key
        first.setdefault((key.scope, key.key) if key.key is not None else ("", str(i)), (i, wanted))
    # Sorted by key: two replicas that insert the same two keys in two orders would wait for each other.
    return dict(first[key] for key in sorted(first))


def _persons(case_id: UUID, filing: Filing) -> list[NewPerson]:
    """Return the persons of a new case: the complainant always, because letters to them follow."""
    complainant = filing.new.personal.get(COMPLAINANT, {})
    persons = [NewPerson(case_id, COMPLAINANT, complainant.get("email"), complainant.get("phone"))]
    if ABOUT in filing.new.personal:
        persons.append(NewPerson(case_id, ABOUT))
    return persons


def _under_another_reference(wanted: ComplaintToRecord) -> ComplaintToRecord:
    filing = wanted.filing
    event = msgspec.structs.replace(filing.event, reference=new_reference(filing.organisation.code))
    return replace(wanted, filing=replace(filing, new=replace(filing.new, event=event)))
