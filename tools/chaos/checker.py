"""The judge: a pure function of a history, linear in its length; one short function per invariant.

It shares no code with the services: what a deadline is, which day is free and what a checkpoint must look
like is written a second time, on purpose. The numbers are those of the invariants in `tools/chaos/README.md`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from chaos.judging import answers, clocks, letters, order, rest
from chaos.record import AnyLine
from chaos.sorted_history import SortedRun, sort_history

BROKE_OFF = "broke off"
"""In the place of an invariant: the run has no end, so nothing was judged."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and what was seen."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


INVARIANTS: Mapping[str, Callable[[SortedRun], Iterator[str]]] = {
    "I1": answers.what_was_promised_stands,
    "I2": answers.a_key_files_once,
    "I3": answers.nothing_without_an_attempt,
    "I4": order.streams_and_feed_are_in_order,
    "I5": order.each_consumer_reacts_once,
    "I6": order.effects_follow_versions,
    "I7": order.projections_are_folds,
    "I8": clocks.each_clock_ends_once,
    "I10": clocks.breaches_are_recorded_in_time,
    "I11": letters.every_letter_leaves,
    "I12": letters.every_copy_is_explained,
    "I13": letters.no_letter_before_its_cause,
    "I16": order.nothing_commits_under_a_moved_checkpoint,
    "I17": rest.all_comes_to_rest,
    "I18": answers.errors_only_while_something_is_broken,
    "I19": answers.nothing_personal_in_clear,
    "I21": rest.resources_return,
}


def check(lines: Iterable[AnyLine]) -> list[Violation]:
    """Judge a history by every invariant."""
    run = sort_history(lines)
    return [Violation(name, what) for name, invariant in INVARIANTS.items() for what in invariant(run)]
