"""What is next in each partition: messages whose turn it is, and pages of the store where some are missing.

Nothing is decided or written here. A plan lists events in the order in which they were found, and names for
each partition the place its checkpoint may move to once they are applied.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from events.partitions.partition import Message, Partition
from events.record.envelope import FeedPosition
from events.store.feed import EventRef, event_refs

log = structlog.get_logger()

PAGE = 1000

_CHECKPOINTS = "SELECT partition, epoch, xid, position FROM checkpoint WHERE partition = ANY($1::integer[])"

_KNOWN = """
SELECT asked.number
FROM unnest($1::integer[], $2::uuid[], $3::integer[], $4::smallint[], $5::xid8[], $6::bigint[])
    AS asked(number, case_id, version, epoch, xid, position)
JOIN gehoor.event e ON e.case_id = asked.case_id AND e.version = asked.version
    AND (e.epoch, e.xid, e.position) = (asked.epoch, asked.xid, asked.position)
"""


@dataclass(slots=True)
class Plan:
    """Events to react to, and by partition number how far its checkpoint may move after that."""

    refs: list[EventRef] = field(default_factory=list)
    goals: dict[int, FeedPosition] = field(default_factory=dict)


async def read_checkpoints(
    pool: asyncpg.Pool, partitions: dict[int, Partition], numbers: Collection[int]
) -> None:
    """Read these checkpoints into `partitions`; a partition that is new there is added."""
    if not numbers:
        return
    for row in await pool.fetch(_CHECKPOINTS, list(numbers)):
        place = FeedPosition(row["epoch"], row["xid"], row["position"])
        partition = partitions.get(row["partition"])
        if partition is None:
            partitions[row["partition"]] = Partition(row["partition"], place)
        else:
            # Read again because somebody else moved it: the messages that wait here may start too late.
            partition.checkpoint, partition.sweep = place, True


async def stored_only(pool: asyncpg.Pool, consumer: str, messages: Sequence[Message]) -> list[Message]:
    """Return the messages whose event stands in the store at the place they name; log the others.

    Without this check a message could move a checkpoint past events that are still to come. Such messages
    come from a bus that remembers what the store lost (failover, restored backup), or from a forger.
    """
    refs = [message.ref for message in messages]
    rows = await pool.fetch(
        _KNOWN,
        list(range(len(refs))),
        [ref.case_id for ref in refs],
        [ref.version for ref in refs],
        *([ref.place[i] for ref in refs] for i in range(3)),
    )
    stored = {row["number"] for row in rows}
    for number in range(len(messages)):
        if number not in stored:
            log.error("message.of_no_event", consumer=consumer, place=str(refs[number].place))
    return [message for number, message in enumerate(messages) if number in stored]


def plan_from_messages(consumer: str, partitions: Iterable[Partition]) -> Plan:
    """Follow the chain of messages in each partition as far as it has no gap."""
    plan = Plan()
    for partition in partitions:
        if partition.sweep:
            continue  # the store is read first; messages that wait go on from where it ends
        reached = partition.checkpoint
        for message in list(partition.waiting):  # a copy, because filling a gap may remove from it
            if message.ref.place <= reached:
                continue
            # `after` behind `reached` is no gap: events between the two were read from the store.
            if message.after > reached:
                _fill_gap(consumer, partition, message)
                break
            plan.refs.append(message.ref)
            reached = message.ref.place
        if reached > partition.checkpoint:
            plan.goals[partition.number] = reached
    return plan


def _fill_gap(consumer: str, partition: Partition, message: Message) -> None:
    """Ask for a sweep, because an event is missing before this message; drop it when a sweep did not help."""
    if partition.swept_for == message.ref.place:
        # The store was read for this very message and its predecessor is still not there. Asking again would
        # read the store for ever. The event itself is not lost: a later sweep reads it.
        partition.waiting.remove(message)
        log.warning("message.out_of_place", consumer=consumer, place=str(message.ref.place))
    else:
        partition.sweep, partition.swept_for = True, message.ref.place


async def add_from_store(pool: asyncpg.Pool, to_sweep: Sequence[Partition], plan: Plan) -> bool:
    """Add the next page of the store for these partitions to the plan; return whether more may follow."""
    reached = {
        partition.number: plan.goals.get(partition.number, partition.checkpoint) for partition in to_sweep
    }
    # One statement for all partitions, from the one furthest behind. The others get events again that they
    # have passed; these are left out here.
    page = await event_refs(pool, min(reached.values()), PAGE, list(reached))
    plan.refs.extend(ref for ref in page if ref.place > reached[ref.partition])
    full = len(page) == PAGE
    for partition in to_sweep:
        # Reset before the work is done: whoever fails to apply this plan has to set it again
        # (`ConsumerLoop`).
        partition.sweep = full
        # The page is in feed order and holds every event of these partitions up to its last one. So all of
        # them have come that far, also one without events, which would otherwise read the same past for ever.
        if page and page[-1].place > reached[partition.number]:
            plan.goals[partition.number] = page[-1].place
    return full
