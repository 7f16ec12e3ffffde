"""Recording complaints: keys, then one transaction for all that wait, then the bell.

What always holds: whoever gets `RecordedComplaint` may be told 201, because it is committed. A request whose
key was used before gets the earlier answer and appends nothing. A complaint that loses (a key that another
replica used at the same moment) does not disturb the others of its transaction.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID, uuid4

import asyncpg
import msgspec

from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT
from events.errors import ClockDisagrees
from events.failpoints import failpoint
from events.identity import command_id_of, new_case_id, new_reference
from events.platform import Platform
from events.record.envelope import Cause
from events.record.sealing import next_rows
from events.store.database import transaction
from events.store.keys import KeyStore, NewPerson
from events.store.new_cases import EARLIER, Key, NewCase, append_new_cases
from events.store.streams import StreamAppend
from events.transient import RETRYABLE, TRANSIENT_ERRORS
from intake.acceptance import acceptance_of
from intake.receipts import Receipts
from intake.status_links import StatusLinks
from intake.submission import Filing

ATTEMPTS = 4
"""For a reference that is taken (one in 2^50), or a clock that has to be measured again."""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """How a repeat of a request is recognised: its key, and what it said, both as keyed hashes."""

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class ComplaintToRecord:
    """A complaint to be recorded."""

    filing: Filing
    actor: str
    repeatable: Repeatable | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedComplaint:
    """How it fared: `answer` is the content of the 201; a mismatch used its key for another complaint."""

    outcome: Literal["created", "repeated", "mismatch"]
    case_id: UUID
    answer: bytes

    @property
    def status_url(self) -> str:
        """The address in the answer."""
        address: str = msgspec.json.decode(self.answer)["status_url"]
        return address


class NotRecorded(Exception):
    """It could not be recorded this time, and nothing of it stands: try again."""


UNRECORDED: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, *RETRYABLE, NotRecorded)
"""Why something may fail without being wrong itself; a lost connection may have committed it all the same."""


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
        """Record a batch; gives how each fared, in order. Raises one of `UNRECORDED` for all together."""
        waiting = dict(enumerate(batch))
        done = await self._earlier(waiting)
        for _ in range(ATTEMPTS):
            waiting = {i: wanted for i, wanted in waiting.items() if i not in done}
            if not waiting:
                break
            try:
                done |= await self._append(_first_of_each_key(waiting))
            except ClockDisagrees:
                await self._platform.store.measure_clock()
            except asyncpg.DeadlockDetectedError:
                continue  # another replica got the same keys in another order; nothing of ours stands
            except asyncpg.UniqueViolationError:
                waiting = {i: _under_another_reference(wanted) for i, wanted in waiting.items()}
            else:
                done |= await self._earlier({i: wanted for i, wanted in waiting.items() if i not in done})
        if len(done) < len(batch):
            raise NotRecorded(f"{len(batch) - len(done)} complaints were not recorded in {ATTEMPTS} attempts")
        if any(one.outcome == "created" for one in done.values()):
            self._platform.doorbell.ring()
        return [done[i] for i in range(len(batch))]

    async def _append(self, chosen: Mapping[int, ComplaintToRecord]) -> dict[int, RecordedComplaint]:
        """Append in one transaction; the persons' keys are committed before, an unused one is harmless."""
        case_ids = {i: new_case_id() for i in chosen}
        await self._keys.mint([person for i in chosen for person in _persons(case_ids[i], chosen[i].filing)])
        await failpoint("intake.keys_minted")
        made = {i: self._new_case(case_ids[i], wanted) for i, wanted in chosen.items()}
        async with transaction(self._platform.pool) as connection:
            await failpoint("intake.before_insert")
            kept = await append_new_cases(connection, [new for new, _ in made.values()])
            await failpoint("intake.before_commit")
        await failpoint("intake.committed")
        done: dict[int, RecordedComplaint] = {}
        for (i, (_, answer)), one in zip(made.items(), kept, strict=True):
            if one.earlier is None:
                done[i] = RecordedComplaint("created", one.case_id, answer)
            else:
                done[i] = _again(chosen[i], one.case_id, one.earlier.fingerprint, one.earlier.response)
        return done

    def _new_case(self, case_id: UUID, wanted: ComplaintToRecord) -> tuple[NewCase, bytes]:
        """Seal and chain the first event of a case, and write the answer that goes with it."""
        how = wanted.repeatable
        command_id = uuid4() if how is None else command_id_of("intake", how.scope, how.key)
        (row,) = next_rows(
            case_id=case_id,
            organisation=wanted.filing.organisation.id,
            after=None,
            events=[wanted.filing.new],
            cause=Cause(wanted.actor, command_id, correlation=case_id, traceparent=wanted.traceparent),
            recorded_at=self._platform.clock.now(),
            keys=self._keys.of_case(case_id),
        )
        answer = to_json(acceptance_of(row, self._receipts, self._links))
        key = None if how is None else Key(how.scope, how.key, how.fingerprint, answer)
        return NewCase(StreamAppend([row], b""), wanted.filing.event.reference, key), answer

    async def _earlier(self, batch: Mapping[int, ComplaintToRecord]) -> dict[int, RecordedComplaint]:
        """Find those whose key was used before, by an earlier request or by one of the same batch."""
        asked = [
            (i, wanted, wanted.repeatable) for i, wanted in batch.items() if wanted.repeatable is not None
        ]
        if not asked:
            return {}
        rows = await self._platform.pool.fetch(
            EARLIER, [how.scope for _, _, how in asked], [how.key for _, _, how in asked]
        )
        stored = {(row["scope"], row["key"]): row for row in rows}
        return {
            i: _again(wanted, row["case_id"], row["fingerprint"], row["response"])
            for i, wanted, how in asked
            if (row := stored.get((how.scope, how.key))) is not None
        }


def _again(
    wanted: ComplaintToRecord, case_id: UUID, fingerprint: bytes, response: bytes
) -> RecordedComplaint:
    """Tell whether the key was used for this complaint or for another."""
    said = wanted.repeatable.fingerprint if wanted.repeatable is not None else b""
    if hmac.compare_digest(fingerprint, said):
        return RecordedComplaint("repeated", case_id, response)
    return RecordedComplaint("mismatch", case_id, b"")


def _first_of_each_key(waiting: Mapping[int, ComplaintToRecord]) -> dict[int, ComplaintToRecord]:
    """Leave out requests whose key stands twice in the batch: when the first is stored, they find its answer.

    In the order of their keys, so that two replicas wait for each other in one direction only.
    """
    first: dict[tuple[str, str], tuple[int, ComplaintToRecord]] = {}
    for i, wanted in waiting.items():
        how = wanted.repeatable
        first.setdefault((how.scope, how.key) if how is not None else ("", str(i)), (i, wanted))
    return dict(first[key] for key in sorted(first))


def _persons(case_id: UUID, filing: Filing) -> list[NewPerson]:
    """Name the persons of a new case: the complainant always, because letters to them follow."""
    complainant = filing.new.personal.get(COMPLAINANT, {})
    persons = [NewPerson(case_id, COMPLAINANT, complainant.get("email"), complainant.get("phone"))]
    if ABOUT in filing.new.personal:
        persons.append(NewPerson(case_id, ABOUT))
    return persons


def _under_another_reference(wanted: ComplaintToRecord) -> ComplaintToRecord:
    filing = wanted.filing
    event = msgspec.structs.replace(filing.event, reference=new_reference(filing.organisation.code))
    return replace(wanted, filing=replace(filing, new=replace(filing.new, event=event)))
