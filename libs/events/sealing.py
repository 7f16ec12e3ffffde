"""From decided events to rows: version, personal part sealed, hash chained; pure but for random nonces."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from events.catalogue import encode
from events.chain import case_salt, event_hash, leaves, merkle_root
from events.envelope import START, Cause, NewEvent, Recorded
from events.personal import CaseKeys, salts_of, seal


def next_rows(
    *,
    case_id: UUID,
    organisation: str,
    version: int,
    previous_hash: bytes,
    events: Sequence[NewEvent],
    cause: Cause,
    recorded_at: datetime,
    salt_key: bytes,
    keys: CaseKeys | None,
) -> list[Recorded]:
    """Make the rows that follow `version`; their place in the feed is given by the database later.

    Raises `PersonErased` when an event concerns somebody whose key is gone.
    """
    salt = case_salt(salt_key, case_id)
    rows: list[Recorded] = []
    for new in events:
        version += 1
        data = encode(new.event)
        personal = {person: fields for person, fields in new.personal.items() if fields}
        pii = seal(personal, keys, case_id, version, new.event.type)
        root = merkle_root(leaves(version, data, salt, personal, salts_of(personal, keys)))
        hash_ = event_hash(
            previous=previous_hash,
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
            data=data,
            pii=pii,
            fields_root=root,
        )
        row = Recorded(
            case_id, version, organisation, new.event.type, new.event.schema_version, new.happened_at,
            recorded_at, cause.actor, cause.command_id, cause.causation, cause.correlation,
            cause.traceparent, data, pii, root, hash_, START,
        )  # fmt: skip
        row.__dict__["event"] = new.event  # it need not be decoded again
        rows.append(row)
        previous_hash = hash_
    return rows
