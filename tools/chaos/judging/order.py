"""Streams, feed and consumers: in order, without a gap, once, and under a checkpoint nobody else moved."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from chaos.record import FeedPlace, RecordedMove, StoredEvent
from chaos.sorted_history import CONSUMERS, NOWHERE, PARTITIONS, SortedRun

LETTER_OUTCOMES = ("LetterSent", "LetterPrepared", "LetterRefused")
KNOWN_AT_OPENING = ("complaint received", "case opened")


def streams_and_feed_are_in_order(run: SortedRun) -> Iterator[str]:
    """I4: versions 1..n in feed order, chains that fit, and a reader who saw each event once, in order."""
    for case, stream in run.cases.items():
        if [event.version for event in stream] != list(range(1, len(stream) + 1)):
            yield f"case {case} has versions {[event.version for event in stream]}"
        if any(later.place <= earlier.place for earlier, later in pairwise(stream)):
            yield f"case {case} stands in the feed in another order than in its stream"
    for earlier, later in pairwise(run.reads):
        if later.place <= earlier.place:
            yield f"a reader saw {later.place} after {earlier.place}"
    seen = {read.place for read in run.reads}
    until = run.reads[-1].place if run.reads else NOWHERE
    for event in run.events:
        # At rest nothing is appended any more: then the reader has to have come as far as the store.
        if (run.ended.is_quiet or event.place <= until) and event.place not in seen:
            yield f"a reader never saw {event.case}/{event.version} {event.type}"
        if not event.hash_fits:
            yield f"{event.case}/{event.version} does not fit its chain"
    for read in run.reads:
        if read.case not in run.cases or len(run.cases[read.case]) < read.version:
            yield f"a reader saw {read.case}/{read.version}, which does not stand"
    if run.began.is_whole and not run.grants:
        yield "nobody looked who may change events"
    for grant in run.grants:
        if grant.privilege not in ("SELECT", "INSERT"):
            yield f"role {grant.role} may {grant.privilege} events"


def each_consumer_reacts_once(run: SortedRun) -> Iterator[str]:
    """I5: at rest each case is opened once, each of its clocks set once, each letter has one outcome."""
    partitions = {(one.consumer, one.partition) for one in run.checkpoints if one.consumer in CONSUMERS}
    if run.began.is_whole and len(partitions) != len(CONSUMERS) * PARTITIONS:
        yield f"{len(partitions)} partitions have a checkpoint, not {len(CONSUMERS) * PARTITIONS}"
    for checkpoint in run.checkpoints:
        if checkpoint.partition >= 0 and checkpoint.place < run.heads.get(checkpoint.partition, NOWHERE):
            yield f"{checkpoint.consumer} stands before the head of partition {checkpoint.partition}"
    for case, stream in run.cases.items():
        if case in run.poisoned_cases or stream[0].type != "ComplaintReceived":
            continue
        opened = [event for event in stream if event.type == "CaseOpened"]
        if len(opened) != 1:
            yield f"case {case} was opened {len(opened)} times"
            continue
        clocks = Counter(event.data["clock"] for event in stream if event.type == "DeadlineSet")
        if several := [clock for clock, count in clocks.items() if count > 1]:
            yield f"case {case}: clocks {several} were set more than once"
        wanted = {rule["clock"] for rule in opened[0].data["clocks"] if _runs_from_the_start(rule)}
        if missing := sorted(wanted - set(clocks)):
            yield f"case {case}: clocks {missing} were never set"
        outcomes = Counter(event.data["letter_id"] for event in stream if event.type in LETTER_OUTCOMES)
        if any(count > 1 for count in outcomes.values()):
            yield f"case {case}: one letter has {max(outcomes.values())} outcomes"
        transactions: dict[str, set[int]] = defaultdict(set)
        for event in stream:
            transactions[event.command].add(event.place[1])
        if any(len(several_xids) > 1 for several_xids in transactions.values()):
            yield f"case {case}: one command was carried out in several transactions"


def effects_follow_versions(run: SortedRun) -> Iterator[str]:
    """I6: the reactions of a consumer to a case stand in the order of what they react to."""
    for case, stream in run.cases.items():
        reached: dict[str, int] = {}
        for event in stream:
            caused_by = _reaction_to(event)
            if caused_by is None:
                continue
            consumer, version = caused_by
            if version < reached.get(consumer, 0):
                yield f"case {case}: {consumer} reacted to {version} after {reached[consumer]}"
            reached[consumer] = version


def projections_are_folds(run: SortedRun) -> Iterator[str]:
    """I7: every worklist row equals the fold of its stream from zero."""
    if run.began.is_whole and (missing := set(run.cases) - {row.case for row in run.rows}):
        yield f"{len(missing)} cases were not compared with their rows"
    for row in run.rows:
        if row.case not in run.poisoned_cases and row.stored is None and run.began.is_whole:
            yield f"case {row.case} has no row"
        if row.case not in run.poisoned_cases and row.stored != row.folded:
            stored, folded = row.stored or {}, row.folded or {}
            different = sorted(name for name in {**stored, **folded} if stored.get(name) != folded.get(name))
            yield f"the row of case {row.case} differs in {', '.join(different)}"


def nothing_commits_under_a_moved_checkpoint(run: SortedRun) -> Iterator[str]:
    """I16: moves form one chain per partition, and a reaction commits with the move that covers its cause."""
    reached: dict[tuple[str, int], FeedPlace] = {}
    of_transaction: dict[tuple[str, int], list[RecordedMove]] = defaultdict(list)
    for move in run.moves:
        partition = (move.consumer, move.partition)
        if move.new < move.old:
            yield f"{move.consumer} went back in partition {move.partition} from {move.old} to {move.new}"
        if partition in reached and move.old != reached[partition]:
            stood_at = reached[partition]
            yield f"{move.consumer} partition {move.partition}: from {move.old}, it stood at {stood_at}"
        reached[partition] = move.new
        of_transaction[move.consumer, move.xid].append(move)
    if not run.moves:
        if run.began.is_whole:
            yield "no move of a checkpoint was noted"
        return
    places = {(event.case, event.version): event.place for event in run.events}
    for event in run.events:
        caused_by = _reaction_to(event)
        if caused_by is None:
            continue
        consumer, version = caused_by
        place = places.get((event.case, version), NOWHERE)
        own_partition = int(event.case[-1], 16)
        moves = [move for move in of_transaction[consumer, event.place[1]] if move.partition == own_partition]
        if not any(move.old < place <= move.new or move.old == move.new >= place for move in moves):
            yield f"{event.case}/{event.version} {event.type} stands without the move that covers its cause"


def _runs_from_the_start(rule: Mapping[str, Any]) -> bool:
    """Return whether a clock must be set when its case is opened; one without a term is never set."""
    has_term = rule.get("term", "some") != "none"
    return has_term and rule["starts"] in KNOWN_AT_OPENING and not rule.get("starts_also")


def _reaction_to(event: StoredEvent) -> tuple[str, int] | None:
    """Name consumer and version that an event answers; None for what is no consumer's reaction."""
    consumer = event.actor.removeprefix("service:")
    case, _, version = event.causation.rpartition("/")
    is_reaction = consumer in CONSUMERS and case == event.case and not event.type.startswith("Letter")
    return (consumer, int(version)) if is_reaction else None
