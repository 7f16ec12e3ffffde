"""Links every sentence of an organisation's own text to the rules that rest on it, and shows what changed.

The text itself is not kept: a file knows its sentences by number and digest (`sentences.py`). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from procedures.checks.linking import clocks_on, contradictions, links
from procedures.schema.model import ProcedureFile
from procedures.schema.sentences import digest_of_sentence, sentences


@dataclass(frozen=True, slots=True)
class Traced:
    """One sentence: the rules that rest on it, or why none does; "changed" ones are new to the file.

    `number` is its number in the file; None for a sentence the file does not know. `text` is None for one
    that stands in the file's numbering only. A `contradictory` one has rules and is marked as having none, or
    is marked as partly modelled and has none; one that is partly modelled rightly has both.
    """

    number: int | None
    text: str | None
    rules: tuple[str, ...]
    unmodelled: str | None
    status: str
    clocks: tuple[str, ...]
    contradictory: bool = False

    @property
    def accounted(self) -> bool:
        """Whether this sentence is as the file knows it, and either linked or marked."""
        return self.status == "same" and bool(self.rules or self.unmodelled) and not self.contradictory


def trace(file: ProcedureFile, text: str) -> tuple[Traced, ...]:
    """Compare the text with the file, sentence by sentence; one that moved keeps its number in the file."""
    known = () if file.text is None else file.text.sentences
    given = sentences(text)
    digests = tuple(digest_of_sentence(sentence) for sentence in given)
    matcher = SequenceMatcher(a=known, b=digests, autojunk=False)
    found: list[Traced] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            found += [
                _traced(file, first + index + 1, given[start + index], "same")
                for index in range(last - first)
            ]
            continue
        pairs = max(last - first, end - start)
        for index in range(pairs):
            number = first + index + 1 if first + index < last else None
            sentence = given[start + index] if start + index < end else None
            status = "added" if number is None else "removed" if sentence is None else "changed"
            found.append(_traced(file, number, sentence, status))
    return tuple(found)


def coverage(found: Sequence[Traced]) -> tuple[int, int]:
    """Return how many sentences are accounted for, and of how many."""
    return sum(each.accounted for each in found), len(found)


def _traced(file: ProcedureFile, number: int | None, text: str | None, status: str) -> Traced:
    if number is None:
        return Traced(None, text, (), None, status, ())
    because = next((each.because for each in file.unmodelled if number in each.sentences), None)
    clocks = tuple(clock.id for clock in clocks_on(file, number))
    rules = tuple(links(file).get(number, ()))
    return Traced(number, text, rules, because, status, clocks, number in contradictions(file))
