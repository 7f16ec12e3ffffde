"""Finds what a procedure leaves open, from its file alone, and tells each finding as a short story.

A finding has an identifier, `rule` or `rule:subject`. The file accepts findings by identifier, with how the
product handles them; what it does not accept, and what it accepts without need, is a problem. Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from procedures.facts import CERTAIN
from procedures.leading import BROUGHT_BY, FIRST, LAST, LEADS, leads_to
from procedures.model import ClockSection, ProcedureFile
from procedures.words import CHANNELS, Command

THE_CUSTOMERS = frozenset(
    {"objection arrived", "outer route taken", "proposal accepted", "proposal refused", "hearing agreed"}
)
"""Facts that are the complainant's to bring about: a clock may wait for them for ever, and rightly."""

TELLING_NOBODY: Mapping[str, str] = {
    "plan made": "a plan is made",
    "solved": "the complaint is solved",
    "complaint handled": "the complaint is handled",
    "hearing recorded": "the talk is recorded",
}
"""Facts inside the organisation: a clock met by one of them alone lets nobody tell the complainant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a procedure leaves open; `story` is the shortest one that shows it."""

    id: str
    story: str
    accepted: str | None = None


def check(file: ProcedureFile) -> tuple[Finding, ...]:
    """List all findings, accepted or not, in the order of the rules below."""
    accepted = {each.finding: each.because for each in file.accepts}
    found = [Finding(name, story, accepted.get(name)) for rule in RULES for name, story in rule(file)]
    needless = [
        Finding(f"needless:{name.replace(':', ' ')}", f"The file accepts {name}, which is not found.")
        for name in accepted
        if all(each.id != name for each in found)
    ]
    return (*found, *needless)


def problems(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Keep what nobody accepted."""
    return tuple(each for each in findings if each.accepted is None)


Stories = Iterator[tuple[str, str]]


def _starts_that_may_never_come(file: ProcedureFile) -> Stories:
    owed = {fact for clock in file.clock if clock.binds == "company" for fact in clock.until}
    bounded = {
        fact for clock in file.clock if clock.binds == "company" and not clock.no_term for fact in clock.until
    }
    by_letter = {f"{letter.name} dated": f"{letter.name} sent" for letter in file.letter}
    for clock in file.clock:
        starts = [clock.starts, *(other.starts for other in clock.alternative)]
        for start in dict.fromkeys(fact for fact in starts if fact is not None):
            brought = by_letter.get(start, start)
            if start in CERTAIN or start in THE_CUSTOMERS or brought in bounded:
                continue
            why = "has no term" if brought in owed else "is nobody's duty"
            yield (
                f"start-may-never-come:{clock.id}",
                f"{clock.id} runs from '{start}', which {why}: if it never comes, {clock.id} never runs.",
            )
            break


def _duties_without_a_term(file: ProcedureFile) -> Stories:
    for clock in file.clock:
        if clock.no_term and clock.binds == "company" and clock.precedes is None:
            yield (
                f"no-term:{clock.id}",
                f"{clock.id} is owed and names no term: a year later it is still not broken.",
            )


def _no_rule_for_delay(file: ProcedureFile) -> Stories:
    hard = [clock.id for clock in file.clock if clock.kind == "duty" and clock.within is not None]
    if hard and not file.conduct.extends:
        yield (
            "no-delay-rule",
            f"The term of {hard[-1]} will not be made: nothing lets it be extended, so it is met or broken.",
        )


def _extensions_without_end(file: ProcedureFile) -> Stories:
    if file.conduct.extends_at_most is not None and file.conduct.further_by_consent:
        return
    for clock in file.conduct.extends:
        yield (
            f"unlimited-extension:{clock}",
            f"{clock} is extended, and then again, and again: no rule names a limit.",
        )


def _customers_who_are_not_told(file: ProcedureFile) -> Stories:
    for clock in file.clock:
        if clock.binds == "company" and all(fact in TELLING_NOBODY for fact in clock.until):
            yield (
                f"customer-not-told:{clock.id}",
                f"{clock.id}: {TELLING_NOBODY[clock.until[0]]}; it is met, and the customer knows nothing.",
            )


def _roads_that_end(file: ProcedureFile) -> Stories:
    conduct = file.conduct
    contents = {content for letter in file.letter for content in letter.contains}
    if "outcome" not in contents:
        yield "no-outcome", "The complaint is handled: no rule says whether it was founded."
    if conduct.objection_window is None:
        yield "no-objection", "The customer disagrees with what is proposed or done: the text ends there."
    elif not any(stage.name == FIRST and "lodge-objection" in stage.may for stage in file.stage):
        yield (
            "objection-before-answer",
            f"The customer objects before any answer: {conduct.objection_window} does not run yet.",
        )
    if conduct.outer_route is None:
        yield "no-outer-route", "The organisation has said its last word: nobody names where to go next."
    if conduct.escalates == "matrix" and not conduct.escalates_to:
        yield (
            "empty-matrix",
            "A technical complaint is to be escalated: the matrix it points at is not there.",
        )


def _proposals_that_are_refused(file: ProcedureFile) -> Stories:
    proposes = any("propose" in stage.may for stage in file.stage)
    if proposes and file.conduct.objection_window is None:
        yield "proposal-refused", "A proposal is made and refused: no rule says what follows."


def _channels_that_are_not_named(file: ProcedureFile) -> Stories:
    named = {channel.name for channel in file.channel}
    for channel in ("phone", "letter", "email"):
        if channel in CHANNELS and channel not in named:
            yield (
                f"channel-not-named:{channel}",
                f"A complaint comes by {channel}, which the procedure does not name; it is one all the same.",
            )


def _complaints_that_are_incomplete(file: ProcedureFile) -> Stories:
    asked = [name for name, ask in file.asks.items() if not ask.optional]
    if asked:
        yield (
            "incomplete-complaint",
            f"A complaint comes without {asked[-1]}: the text asks for it and does not say what follows.",
        )
    else:
        yield "asks-nothing", "A complaint of one word comes: the procedure asks for nothing."


def _letters_without_contents(file: ProcedureFile) -> Stories:
    meets = {fact for clock in file.clock for fact in clock.until}
    for letter in file.letter:
        given = {f"{letter.name} sent", f"{letter.name} arrived"}
        if not letter.contains and letter.addition is None and given & meets:
            yield (
                f"letter-says-nothing:{letter.name}",
                f"An empty {letter.name} is sent: it meets its duty, for nothing says what it must contain.",
            )


def _duties_without_an_owner(file: ProcedureFile) -> Stories:
    given = {command for stage in file.stage for command in stage.may}
    at_opening = {letter.name for letter in file.letter if letter.owed == "at opening"}
    for clock in file.clock:
        ways = [_commands(fact) for fact in clock.until]
        if clock.binds != "company" or any(_letter_of(fact) in at_opening for fact in clock.until):
            continue
        if all(way is not None and not given.intersection(way) for way in ways):
            yield (
                f"no-owner:{clock.id}",
                f"{clock.id} falls due: no stage lets anybody do what meets it ('{clock.until[0]}').",
            )


def _stages_without_an_end(file: ProcedureFile) -> Stories:
    ways: dict[str, set[str]] = {}
    for stage in file.stage:
        leads = {leads_to(command, file) for command in stage.may if command in LEADS}
        ways.setdefault(stage.name, set()).update(leads - {stage.name})
    if not ways:
        return
    told: dict[str, list[str]] = {FIRST: [FIRST]}
    queue: list[str] = [FIRST]
    while queue:
        here = queue.pop(0)
        for there in sorted(ways.get(here, ())):
            if there not in told:
                told[there] = [*told[here], there]
                queue.append(there)
    for name in ways:
        if name not in told and name not in ("agreed", "heard"):
            yield f"stage-not-reached:{name}", f"Nothing leads from {FIRST} to {name}."
    for name, path in told.items():
        if name != LAST and not _reaches_end(name, ways):
            yield f"no-end:{name}", f"A case goes {' to '.join(path)}: from there nothing leads to an end."


def _reaches_end(name: str, ways: Mapping[str, set[str]]) -> bool:
    seen, queue = {name}, [name]
    while queue:
        here = queue.pop()
        if here == LAST:
            return True
        for there in ways.get(here, ()):
            if there not in seen:
                seen.add(there)
                queue.append(there)
    return False


def _terms_a_person_sets(file: ProcedureFile) -> Stories:
    for clock in file.clock:
        if clock.told_by and clock.within is None:
            yield (
                f"told-without-limit:{clock.id}",
                f"A person sets the term of {clock.id} to next year: nothing says how long it may be.",
            )


def _reports_taken_for_something_else(file: ProcedureFile) -> Stories:
    kinds = {file.classification.default, *(rule.kind for rule in file.classification.rule)}
    if kinds & {"incident", "neither"}:
        yield "classified-wrong", "A complaint is taken for an incident: its terms do not run."


def _duties_of_many(file: ProcedureFile) -> Stories:
    for clock in file.clock:
        wanted = {command for fact in clock.until for command in _commands(fact) or ()}
        owners = [
            stage
            for stage in file.stage
            if stage.source and stage.name == FIRST and wanted.intersection(stage.may) and len(stage.who) > 2
        ]
        if owners and clock.binds == "company":
            yield (
                f"many-owners:{clock.id}",
                f"{clock.id} falls due: {', '.join(owners[0].who)} each thought that another would do it.",
            )


def _withdrawals(file: ProcedureFile) -> Stories:
    if all(clock.dropped_by == ("complaint withdrawn",) for clock in file.clock):
        yield "silent-on:withdrawal", "The complaint is withdrawn: no rule says what becomes of its terms."


def _windows_that_overlap(file: ProcedureFile) -> Stories:
    windows = [clock for clock in file.clock if clock.kind == "window"]
    for index, one in enumerate(windows):
        for other in windows[index + 1 :]:
            if (one.starts, set(one.until)) == (other.starts, set(other.until)):
                yield (
                    f"windows-overlap:{one.id} {other.id}",
                    f"The customer objects: both {one.id} and {other.id} say whether that is in time.",
                )


def _sentences_left_over(file: ProcedureFile) -> Stories:
    for number in unaccounted(file):
        yield (
            f"sentence:{number}",
            f"Sentence {number} of the text: no rule rests on it, and no reason is given.",
        )


def unaccounted(file: ProcedureFile) -> tuple[int, ...]:
    """List the sentences that are neither linked to a rule nor marked as not modelled."""
    if file.text is None:
        return ()
    linked = set(links(file)) | {number for each in file.unmodelled for number in each.sentences}
    return tuple(number for number in range(1, len(file.text.sentences) + 1) if number not in linked)


def links(file: ProcedureFile) -> dict[int, list[str]]:
    """Give the rules that rest on each sentence, by their names."""
    named = [
        *((f"channel {channel.name}", channel) for channel in file.channel),
        *((f"asks {name}", ask) for name, ask in file.asks.items()),
        *((f"classification {rule.nature}", rule) for rule in file.classification.rule),
        *((f"letter {letter.name}", letter) for letter in file.letter),
        *((clock.id, clock) for clock in file.clock),
        *((f"stage {stage.name}", stage) for stage in file.stage),
        *((f"purpose {purpose.id}", purpose) for purpose in file.purpose),
    ]
    found: dict[int, list[str]] = {}
    for name, rule in named:
        for number in rule.source:
            if name not in found.setdefault(number, []):
                found[number].append(name)
    return found


def clocks_on(file: ProcedureFile, number: int) -> tuple[ClockSection, ...]:
    """Give the clocks that rest on a sentence."""
    return tuple(clock for clock in file.clock if number in clock.source)


def _commands(fact: str) -> tuple[Command, ...] | None:
    """Name the commands that bring a fact about; None for one that needs none of a stage."""
    return BROUGHT_BY.get(fact) or BROUGHT_BY.get(_letter_of(fact))


def _letter_of(fact: str) -> str:
    return fact.removesuffix(" sent").removesuffix(" arrived")


RULES: tuple[Callable[[ProcedureFile], Stories], ...] = (
    _stages_without_an_end,
    _duties_without_an_owner,
    _starts_that_may_never_come,
    _duties_without_a_term,
    _no_rule_for_delay,
    _extensions_without_end,
    _customers_who_are_not_told,
    _roads_that_end,
    _proposals_that_are_refused,
    _channels_that_are_not_named,
    _complaints_that_are_incomplete,
    _letters_without_contents,
    _windows_that_overlap,
    _terms_a_person_sets,
    _reports_taken_for_something_else,
    _duties_of_many,
    _withdrawals,
    _sentences_left_over,
)
