"""What was answered is what stands, and answers tell nothing they should not."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from chaos.record import RequestAnswered, StoredEvent
from chaos.sorted_history import ERASED_CONTENT, SortedRun


def what_was_promised_stands(run: SortedRun) -> Iterator[str]:
    """I1: every 201 has exactly one ComplaintReceived with its reference and its content."""
    by_reference: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in run.received:
        by_reference[str(event.data["reference"])].append(event)
    for answer in run.answered:
        if answer.outcome != "ok":
            continue
        found = by_reference.get(answer.reference, [])
        if len(found) != 1:
            yield f"201 for {answer.reference} and {len(found)} events"
        elif found[0].content != answer.content and answer.reference not in run.forgotten_references:
            yield f"{answer.reference} holds another text than was sent"


def a_key_files_once(run: SortedRun) -> Iterator[str]:
    """I2: answered requests of one key give one event; uncertain ones none or one; failed ones none."""
    stored = Counter(event.content for event in run.received if event.content != ERASED_CONTENT)
    sent: dict[str, list[str]] = defaultdict(list)
    answers: dict[str, list[RequestAnswered]] = defaultdict(list)
    for one in run.invoked:
        sent[one.key].append(one.content)
    for answer in run.answered:
        answers[answer.key].append(answer)
    for key, contents in sent.items():
        ok = {answer.reference for answer in answers[key] if answer.outcome == "ok"}
        count = sum(stored[content] for content in set(contents)) + len(ok & run.forgotten_references)
        is_uncertain = len(answers[key]) < len(contents) or any(
            answer.outcome == "info" for answer in answers[key]
        )
        if len(ok) > 1:
            yield f"key {key} was answered with {len(ok)} different references"
        if count > 1:
            yield f"key {key} stands {count} times"
        if count and not ok and not is_uncertain:
            yield f"key {key} was refused and stands all the same"


def nothing_without_an_attempt(run: SortedRun) -> Iterator[str]:
    """I3: no complaint that nobody sent."""
    sent = {one.content for one in run.invoked}
    for event in run.received:
        if event.content not in sent and event.data["reference"] not in run.forgotten_references:
            yield f"case {event.case} holds a complaint that nobody sent"


def errors_only_while_something_is_broken(run: SortedRun) -> Iterator[str]:
    """I18: a 5xx, or no answer at all, only within a fault and the time to recover from it."""
    for answer in run.answered:
        is_trouble = answer.status >= 500 or answer.status == 0
        if is_trouble and not run.is_disturbed(answer.at_s, answer.at_s):
            yield f"{answer.status or 'no answer'} to {answer.key} while nothing was broken"


def nothing_personal_in_clear(run: SortedRun) -> Iterator[str]:
    """I19: the canaries that were planted in every field are found nowhere."""
    for canary in run.canaries:
        yield f"something personal stands in clear in {canary.file}"
    for answer in run.answered:
        if answer.echoes:
            yield f"an answer of {answer.status} repeats what was sent under {answer.key}"
