"""What each section of a procedure file allows and the whole does not, such as a name that is not there.

Every finding is a place in the file and a rule in plain words, so that its writer sees the line. Pure.
"""

import re

from events.catalogue.words import LETTERS
from procedures.counting.facts import facts_of_letter
from procedures.schema.model import ClockSection, ProcedureFile, sourced
from procedures.toml_files import Place


def inconsistencies(file: ProcedureFile) -> list[tuple[Place, str]]:
    """Return what does not fit together in a file: places and rules in plain words; empty when all fits."""
    return [
        *_repeated("channel", [channel.name for channel in file.channel]),
        *_repeated("objection_channel", [channel.name for channel in file.objection_channel]),
        *_repeated("letter", [letter.name for letter in file.letter]),
        *_repeated("clock", [clock.id for clock in file.clock]),
        *_repeated("accepts", [accepted.finding for accepted in file.accepts]),
        *_sentences_that_are_not_there(file),
        *_letters_that_do_not_fit(file),
        *_clocks_that_do_not_fit(file),
        *_conduct_that_does_not_fit(file),
    ]


def _repeated(section: str, names: list[str]) -> list[tuple[Place, str]]:
    return [
        ((section, index), f"{section} {name!r} stands in the file twice")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _sentences_that_are_not_there(file: ProcedureFile) -> list[tuple[Place, str]]:
    sections = [(place, section) for place, _, section in sourced(file)]
    count = 0 if file.text is None else len(file.text.sentences)
    named = [
        *(((*place, "source"), number) for place, section in sections for number in section.source),
        *(
            (("unmodelled", index, "sentences"), number)
            for index, each in enumerate(file.unmodelled)
            for number in each.sentences
        ),
    ]
    if file.text is not None:  # a law's own numbers of paragraphs look the same
        named += [
            ((*place, "addition"), number)
            for place, section in sections
            for number in _sentences_cited(section.addition or "")
        ]
    return [
        (place, f"sentence {number} is not there: the text has {count} sentences")
        for place, number in named
        if number > count
    ]


def _sentences_cited(words: str) -> list[int]:
    """Read the sentences that a reason cites, as in "keeping them informed (34) asks for it"."""
    cited = re.findall(r"\((\d{1,4}(?:, ?\d{1,4})*)\)", words)
    return [int(number) for numbers in cited for number in numbers.split(",")]


def _conduct_that_does_not_fit(file: ProcedureFile) -> list[tuple[Place, str]]:
    """Find commands that the conduct needs and no stage allows, and clocks that are not there."""
    clocks = {clock.id for clock in file.clock}
    conduct = file.conduct
    named = [("extends", clock) for clock in conduct.extends]
    if conduct.objection_window is not None:
        named.append(("objection_window", conduct.objection_window))
    problems: list[tuple[Place, str]] = [
        (("conduct", place), f"clock {clock!r} is not in this file")
        for place, clock in named
        if clock not in clocks
    ]
    may = {command for stage in file.stage for command in stage.may}
    goes_with: tuple[tuple[str, bool, str], ...] = (
        ("extends", bool(conduct.extends), "extend"),
        ("escalates", conduct.escalates is not None, "escalate"),
        ("external_systems", bool(conduct.external_systems), "record-external"),
        ("objection_window", conduct.objection_window is not None, "lodge-objection"),
        ("outer_route", conduct.outer_route is not None, "name-outer-route"),
        ("route", conduct.route is not None, "refuse-with-route"),
    )
    problems.extend(
        (("conduct",), f"`{word}` and the command {command!r} belong together: no stage allows the command")
        if there
        else (("conduct",), f"a stage allows {command!r}, so say `{word}`")
        for word, there, command in goes_with
        if there != (command in may)
    )
    return problems


def _letters_that_do_not_fit(file: ProcedureFile) -> list[tuple[Place, str]]:
    clocks = {clock.id for clock in file.clock}
    problems: list[tuple[Place, str]] = []
    for index, letter in enumerate(file.letter):
        if ("period" in letter.contains) != (letter.period_of is not None):
            problems.append(
                (
                    ("letter", index),
                    "a letter that contains the period names its clock in `period_of`, no other does",
                )
            )
        elif letter.period_of is not None and letter.period_of not in clocks:
            problems.append(
                (("letter", index, "period_of"), f"clock {letter.period_of!r} is not in this file")
            )
    return problems


def _clocks_that_do_not_fit(file: ProcedureFile) -> list[tuple[Place, str]]:
    written = {fact for letter in file.letter for fact in facts_of_letter(letter.name)}
    written |= {f"{letter.name} period" for letter in file.letter if "period" in letter.contains}
    of_letters = {fact for letter in LETTERS for fact in (*facts_of_letter(letter), f"{letter} period")}
    of_letters -= {"hearing invited"}  # by phone or in person it needs no letter
    unwritten = of_letters - written
    clocks = {clock.id: clock for clock in file.clock}
    return [
        (("clock", index, *place), rule)
        for index, clock in enumerate(file.clock)
        for place, rule in _clock_that_does_not_fit(clock, clocks, unwritten)
    ]


def _clock_that_does_not_fit(
    clock: ClockSection, clocks: dict[str, ClockSection], unwritten: set[str]
) -> list[tuple[Place, str]]:
    """Find what is wrong with one clock; `unwritten` are facts of letters that this file does not have."""
    problems: list[tuple[Place, str]] = [
        ((), f"no letter of this file gives the fact {fact!r}")
        for fact in dict.fromkeys(_facts_named(clock))
        if fact in unwritten
    ]
    if clock.starts in clock.until:
        problems.append(((), f"the fact {clock.starts!r} cannot both start and meet the clock"))
    if len(set(clock.calendars)) < len(clock.calendars):
        problems.append((("calendars",), "a calendar is named twice"))
    problems += [*_term_that_does_not_fit(clock), *_warnings_that_do_not_fit(clock)]
    problems.extend(
        ((place,), f"clock {other!r} is not in this file")
        for place in ("end_of", "only_if_unmet", "precedes")
        if (other := getattr(clock, place)) is not None and other not in clocks
    )
    if _counts_back_in_a_circle(clock, clocks):
        problems.append((("end_of",), "counts back from a clock that counts back from it"))
    return problems


def _facts_named(clock: ClockSection) -> list[str]:
    guards = [clock.guard, *(other.guard for other in clock.alternative)]
    starts = [clock.starts, *(other.starts for other in clock.alternative)]
    return [
        *(fact for fact in starts if fact is not None),
        *clock.or_from,
        *clock.until,
        *clock.told_by,
        *clock.released_by,
        *clock.dropped_by,
        *(fact for guard in guards if guard is not None for fact in (guard.after, *guard.unless)),
    ]


def _counts_back_in_a_circle(clock: ClockSection, clocks: dict[str, ClockSection]) -> bool:
    # Without this, following `end_of` from clock to clock would never end, in the services as well.
    seen = {clock.id}
    other = clocks.get(clock.end_of or "")
    while other is not None:
        if other.id in seen:
            return True
        seen.add(other.id)
        other = clocks.get(other.end_of or "")
    return False


def _term_that_does_not_fit(clock: ClockSection) -> list[tuple[Place, str]]:
    """Find a clock with no way to end, with two, or without what its way needs."""
    ways = [clock.within is not None, clock.before is not None, clock.no_term]
    if sum(ways) > 1 or not (any(ways) or clock.told_by):
        return [((), "say once how the clock ends: `within`, `before` with `end_of`, `told_by` or `no_term`")]
    problems: list[tuple[Place, str]] = []
    if (clock.before is None) != (clock.end_of is None):
        problems.append(((), "`before` and `end_of` belong together"))
    if clock.before is None and clock.starts is None:
        problems.append(((), "say what starts the clock: `from`"))
    if clock.before is not None and (clock.starts or clock.or_from or clock.guard or clock.told_by):
        problems.append(((), "a clock that counts back starts with the one it counts back from"))
    if clock.norm is not None and (not clock.no_term or clock.norm.unit != "working days"):
        problems.append(
            (("norm",), "an internal norm is in working days, and only for a clock with `no_term`")
        )
    if clock.no_term and (clock.alternative or clock.guard or clock.told_by):
        problems.append(((), "a clock without a term has one start and no other reading"))
    if clock.alternative and clock.reading is None:
        problems.append(((), "a clock with an alternative names its own `reading` too"))
    problems += _readings_that_do_not_fit(clock)
    if clock.precedes is None and clock.released_by:
        problems.append((("released_by",), "only a clock that `precedes` another is released"))
    return problems


def _readings_that_do_not_fit(clock: ClockSection) -> list[tuple[Place, str]]:
    """Find other readings that count in another way than their clock, or have no start."""
    problems: list[tuple[Place, str]] = []
    for index, other in enumerate(clock.alternative):
        if (other.before is None, other.within is None) != (clock.before is None, clock.within is None):
            problems.append((("alternative", index), "counts as its clock does: `within` or `before`"))
        elif other.within is not None and other.starts is None:
            problems.append((("alternative", index), "say what starts this reading: `from`"))
    return problems


def _warnings_that_do_not_fit(clock: ClockSection) -> list[tuple[Place, str]]:
    """Find a lead that is not in working days, is as long as its term, or is of the customer."""
    lead = clock.warn_before
    if clock.binds == "customer":
        return [] if lead is None else [(("warn_before",), "a window of the customer warns nobody")]
    if clock.no_term:
        return [] if lead is None else [(("warn_before",), "without a term there is nothing to warn before")]
    if lead is None:
        if clock.only_if_unmet is not None:
            return []  # pending: it is warned on its strict day
        return [((), "a clock that binds the company says `warn_before`, as in '1 working day'")]
    if lead.unit != "working days":
        return [(("warn_before",), "a warning has its lead in working days, as in '1 working day'")]
    if clock.within is not None and clock.within.unit != "weeks" and lead.number >= clock.within.number:
        return [(("warn_before",), f"a warning {lead} before a term of {clock.within} comes too early")]
    return []
