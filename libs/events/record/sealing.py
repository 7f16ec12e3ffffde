"""From decided events to rows: version, personal part sealed, hash chained; pure but for random salts."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from events.catalogue import encode
from events.record.chain import SALT_LENGTH, commit_to_data, commit_to_pii, data_root, event_hash, join_roots
from events.record.encryption import CaseKeys, seal
from events.record.envelope import START, Cause, NewEvent, Recorded


def next_rows(
    *,
    case_id: UUID,
    organisation: str,
    after: Recorded | None,
    events: Sequence[NewEvent],
    cause: Cause,
    recorded_at: datetime,
    keys: CaseKeys | None,
) -> list[Recorded]:
    """Make the rows that follow `after` (None for a new case); the database assigns their place in the feed.

    Raises `PersonErased` when an event concerns somebody whose key is gone: decide again without the personal
    part. Raises `KeyMissing` and LookupError as `seal` does.
    """
    version, previous = (after.version, after.hash) if after else (0, b"")
    # Inside a case `recorded_at` never runs backwards, whatever clock wrote the event before. The append
    # admits an equal moment for this reason (`streams.APPEND`); otherwise the case would wait for the clock.
    recorded_at = max(recorded_at, after.recorded_at) if after else recorded_at
    rows: list[Recorded] = []
    # In the order in which they were decided. `happened_at` may run backwards, because somebody records today
    # what happened yesterday; only the version orders a case.
    for new in events:
        version += 1
        # A salt per event: with one for several, equal fields would show as equal hashes.
        data, salt = encode(new.event), secrets.token_bytes(SALT_LENGTH)
        pii, roots = seal(new.personal, keys, case_id, version, new.event.type)
        fields_root = join_roots(data_root(salt, data), roots)
        hash_ = event_hash(
            previous=previous,
            case_id=case_id,
            version=version,
            organisation=organisation,
            type=new.event.type,
            schema_version=new.event.schema_version,
            happened_at=new.happened_at,
            recorded_at=recorded_at,
            actor=cause.actor,
            command_id=cause.command_id,
            causation=cause.causation,
            correlation=cause.correlation,
            traceparent=cause.traceparent,
            data_commitment=commit_to_data(salt, data),
            pii_commitment=commit_to_pii(pii),
            fields_root=fields_root,
        )
        # In the order of the fields of `Recorded`, and so of `streams.COLUMNS`: nothing here names them.
        columns = (
            case_id, version, organisation, new.event.type, new.event.schema_version, new.happened_at,
            recorded_at, cause.actor, cause.command_id, cause.causation, cause.correlation,
            cause.traceparent, data, pii, salt, fields_root, hash_,
        )  # fmt: skip
        row = Recorded.of(columns, START)
        row.__dict__["event"] = new.event  # fills the cached property: it need not be decoded again
        rows.append(row)
        previous = hash_
    return rows


def foreseen(after: Recorded, events: Sequence[NewEvent], cause: Cause, now: datetime) -> list[Recorded]:
    """Make rows that only serve to decide further in the same transaction: not sealed, not chained.

    They are never appended: their hash is empty, and the database would refuse them.
    """
    rows = []
    for version, new in enumerate(events, after.version + 1):
        columns = (
            after.case_id, version, after.organisation, new.event.type, new.event.schema_version,
            new.happened_at, now, cause.actor, cause.command_id, cause.causation, cause.correlation,
            cause.traceparent, b"", None, b"", b"", b"",
        )  # fmt: skip
        row = Recorded.of(columns, START)
        row.__dict__["event"] = new.event
        rows.append(row)
    return rows
