"""Every sentence of the organisation's text is linked to a rule, or to the reason why none is."""

from procedures.checks.asking import Stories
from procedures.schema.model import ClockSection, ProcedureFile, sourced


def sentences_left_over(file: ProcedureFile) -> Stories:
    """Yield each sentence without a rule and without a reason."""
    for number in unaccounted(file):
        yield (
            f"sentence:{number}",
            f"Sentence {number} of the text: no rule rests on it, and no reason is given.",
        )


def sentences_told_twice(file: ProcedureFile) -> Stories:
    """Yield each sentence that has a rule and is marked as having none, or the other way round."""
    for number, rules in contradictions(file).items():
        yield (
            f"contradiction:{number}",
            f"Sentence {number} of the text is marked as not modelled: {', '.join(rules)} rests on it."
            if rules
            else f"Sentence {number} of the text is marked as partly modelled: no rule rests on it.",
        )


def unaccounted(file: ProcedureFile) -> tuple[int, ...]:
    """List the sentences that are neither linked to a rule nor marked as not modelled."""
    if file.text is None:
        return ()
    linked = set(links(file)) | {number for each in file.unmodelled for number in each.sentences}
    return tuple(number for number in range(1, len(file.text.sentences) + 1) if number not in linked)


def contradictions(file: ProcedureFile) -> dict[int, tuple[str, ...]]:
    """Return the sentences that are marked as not modelled and have rules, with those rules.

    Sentences marked `partly` are the other way round: they are returned when they have no rule.
    """
    linked = links(file)
    return {
        number: tuple(linked.get(number, ()))
        for each in file.unmodelled
        for number in each.sentences
        if (number in linked) != each.partly
    }


def links(file: ProcedureFile) -> dict[int, list[str]]:
    """Return the names of the rules that rest on each sentence, by its number."""
    found: dict[int, list[str]] = {}
    for _, name, rule in sourced(file):
        for number in rule.source:
            if name not in found.setdefault(number, []):
                found[number].append(name)
    return found


def clocks_on(file: ProcedureFile, number: int) -> tuple[ClockSection, ...]:
    """Return the clocks that rest on a sentence."""
    return tuple(clock for clock in file.clock if number in clock.source)
