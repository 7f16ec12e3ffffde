"""At the end nothing is left to do, nothing is stuck, and processes use what they used before."""

from collections.abc import Iterator

from chaos.sorted_history import CONSUMERS, NOWHERE, PARTITIONS, SortedRun

MORE_FILES = 20
"""A pool that had one connection at the start may have four, one per partition pull comes and goes."""

MORE_MEMORY_MB = 60.0


def all_comes_to_rest(run: SortedRun) -> Iterator[str]:
    """I17: nothing waits, the bus is caught up, and only what was poisoned is set aside."""
    if not run.ended.is_quiet:
        yield f"no rest after {run.ended.quiet_after_s:.0f} s: {run.ended.waits_for}"
    parked = {(one.consumer, one.case) for one in run.parked}
    expected = {(consumer, poison.case) for consumer in CONSUMERS for poison in run.poisoned}
    for consumer, case in sorted(parked - expected):
        yield f"{consumer} has set case {case} aside without a poison"
    for consumer, case in sorted(expected - parked):
        yield f"{consumer} has not set the poisoned case {case} aside"
    for letter in run.letters:
        is_expected = letter.case in run.poisoned_cases or (
            letter.state == "closed" and letter.case in run.forgotten_cases
        )
        if not is_expected:
            yield f"case {letter.case}: a letter is {letter.state}"
    for due in run.due:
        if due.blocked and due.case not in run.poisoned_cases:
            yield f"case {due.case}: its clocks are blocked: {due.blocked}"
    if not run.began.bus_is_absent:
        yield from _bus_is_behind(run)


def resources_return(run: SortedRun) -> Iterator[str]:
    """I21: memory and open files of a process that lived through it all are near where they were.

    Near is wide here, because a run is short and its beginning cold: a hundred files or megabytes show, slow
    growth is the soak's to find.
    """
    start = {(one.name, one.pid): one for one in run.usage if one.at == "start"}
    if run.began.is_whole and not start:
        yield "nobody looked what the processes use"
    for one in run.usage:
        before = start.get((one.name, one.pid))
        if one.at != "end" or before is None:
            continue
        if one.descriptors > 1.1 * before.descriptors + MORE_FILES:
            yield f"{one.name}: {before.descriptors} open files became {one.descriptors}"
        if one.rss_mb > 1.1 * before.rss_mb + MORE_MEMORY_MB:
            yield f"{one.name}: {before.rss_mb:.0f} MB became {one.rss_mb:.0f} MB"


def _bus_is_behind(run: SortedRun) -> Iterator[str]:
    head = max((event.place for event in run.events), default=NOWHERE)
    for checkpoint in run.checkpoints:
        if checkpoint.partition < 0 and checkpoint.place < head:
            yield f"the relay stands at {checkpoint.place}, the head is {head}"
    if run.checkpoints:
        wanted = {f"{consumer}-{partition}" for consumer in CONSUMERS for partition in range(PARTITIONS)}
        if missing := sorted(wanted - {durable.name for durable in run.durables}):
            yield f"{len(missing)} durables are missing, such as {missing[0]}"
    for durable in run.durables:
        if durable.name.rpartition("-")[0] in CONSUMERS and (durable.ack_pending or durable.pending):
            yield f"durable {durable.name}: {durable.ack_pending} unacknowledged, {durable.pending} waiting"
