"""Faults to put into a procedure file: each has a name and a spoiled copy of the file's tables.

Every one is something that a person who edits a file may do, and that the file alone gives away. What it does
not give away is in `NOBODY_CAN_TELL`, with the reason.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Table = dict[str, Any]
Faults = Iterator[tuple[str, Table]]

FOREIGN = {"Europe/Amsterdam": "gb-eng", "Europe/London": "nl-atw"}
"""Calendars of another country than the zone's."""

SETTLES = {
    "reported back": "report-back",
    "window over": "lodge-objection",
    "hearing recorded": "write-hearing-record",
    "objection settled": "decide-objection",
}
"""What closing may wait for, and the command without which it waits for ever."""

OF_ITSELF = frozenset({"reminders", "answer_within", "extends_at_most", "further_by_consent"})
"""Words of conduct that are said to say them: without one, something else is meant, and nothing is broken."""


NOBODY_CAN_TELL: Mapping[str, Mapping[str, str]] = {
    "awb": {"nobody may record-handled": "closing a case says that it is handled, too"},
    "bc": {"the stage closed is taken out": "other systems may be brought up to date before the closing"},
    "destiny": {
        "nobody may note-informal-stage": "the sentences on it have another rule, and it has no clock"
    },
    "fca-disp": {
        "nobody may record-handled": "closing a case says that it is handled, too",
        "the closing notice loses 'outer route'": "only the law says that a closing notice tells it as well",
    },
    "ingressus": {
        "nobody may record-handled": "closing a case says that it is handled, too",
        "nobody may note-informal-stage": "the sentences on it have another rule, and it has no clock",
        "the acknowledgement loses 'procedure'": "only the text says that it is explained here",
    },
    "preact": {
        "nobody may record-handled": "closing a case says that it is handled, too",
        "the response loses 'changes'": "only the text says that changes are told",
    },
}
"""Faults that a file does not give away, and why: whoever reads it beside the text finds them."""


def faults(table: Table) -> Faults:
    """Return every fault that this file can have."""
    for kind in (
        clocks_gone,
        clocks_spoiled,
        windows_spoiled,
        letters_gone,
        letters_spoiled,
        commands_gone,
        stages_spoiled,
        conduct_spoiled,
        text_spoiled,
        organisation_spoiled,
    ):
        yield from kind(table)


def clocks_gone(table: Table) -> Faults:
    for index, clock in enumerate(table["clock"]):
        spoiled = deepcopy(table)
        del spoiled["clock"][index]
        yield f"{clock['id']} is taken out", spoiled


def clocks_spoiled(table: Table) -> Faults:
    for index, clock in enumerate(table["clock"]):
        name = clock["id"]
        for word in ("guard", "told_by", "precedes", "released_by", "until", "end_of", "from", "within"):
            if word in clock:
                yield f"{name} loses its {word}", _with(table, "clock", index, word, None)
        for told in clock.get("told_by", ()):
            rest = [each for each in clock["told_by"] if each != told]
            yield f"{name} is not moved by {told!r}", _with(table, "clock", index, "told_by", rest)
        for number in range(len(clock.get("alternative", ()))):
            if "guard" in clock["alternative"][number]:
                spoiled = deepcopy(table)
                del spoiled["clock"][index]["alternative"][number]["guard"]
                yield f"{name} loses the guard of a reading", spoiled
        other = "customer" if clock["binds"] == "company" else "company"
        yield f"{name} binds the {other}", _with(table, "clock", index, "binds", other)
        theirs = ["objection arrived"] if clock["binds"] == "company" else ["complaint handled"]
        yield f"{name} is met by the other side", _with(table, "clock", index, "until", theirs)
        foreign = [FOREIGN[table["zone"]]]
        yield f"{name} is counted elsewhere", _with(table, "clock", index, "calendars", foreign)
        if len(clock["calendars"]) > 1:
            yield (
                f"{name} loses a calendar",
                _with(table, "clock", index, "calendars", clock["calendars"][:1]),
            )


def windows_spoiled(table: Table) -> Faults:
    for index, clock in enumerate(table["clock"]):
        if clock["binds"] == "company":
            continue
        for fact in ("complaint received", "case opened", "objection arrived"):
            if fact not in clock["until"]:
                yield f"{clock['id']} runs from {fact}", _with(table, "clock", index, "from", fact)
        if clock["kind"] == "window":
            spoiled = deepcopy(table)
            spoiled["clock"].append({**clock, "id": "TWO-1", "from": "complaint handled"})
            yield f"{clock['id']} overlaps another window", spoiled
            yield f"{clock['id']} is a right", _with(table, "clock", index, "kind", "right")


def letters_gone(table: Table) -> Faults:
    for index, letter in enumerate(table["letter"]):
        spoiled = deepcopy(table)
        del spoiled["letter"][index]
        yield f"the {letter['name']} is taken out", spoiled


def letters_spoiled(table: Table) -> Faults:
    for index, letter in enumerate(table["letter"]):
        other = "by command" if letter["owed"] == "at opening" else "at opening"
        yield f"the {letter['name']} is owed {other}", _with(table, "letter", index, "owed", other)
        for content in letter.get("contains", ()):
            rest = [each for each in letter["contains"] if each != content]
            spoiled = _with(table, "letter", index, "contains", rest)
            if content == "period":
                del spoiled["letter"][index]["period_of"]
            yield f"the {letter['name']} loses {content!r}", spoiled
        if "period_of" in letter:
            for clock in table["clock"]:
                if clock["id"] not in (letter["period_of"], *table["conduct"].get("extends", ())):
                    spoiled = _with(table, "letter", index, "period_of", clock["id"])
                    yield f"the {letter['name']} tells the end of {clock['id']}", spoiled


def commands_gone(table: Table) -> Faults:
    for command in dict.fromkeys(command for stage in table["stage"] for command in stage["may"]):
        spoiled = deepcopy(table)
        for stage in spoiled["stage"]:
            stage["may"] = [each for each in stage["may"] if each != command]
        spoiled["stage"] = [stage for stage in spoiled["stage"] if stage["may"]]
        yield f"nobody may {command}", spoiled


def stages_spoiled(table: Table) -> Faults:
    for name in dict.fromkeys(stage["name"] for stage in table["stage"]):
        spoiled = deepcopy(table)
        spoiled["stage"] = [stage for stage in spoiled["stage"] if stage["name"] != name]
        yield f"the stage {name} is taken out", spoiled
        spoiled = deepcopy(table)
        for stage in spoiled["stage"]:
            if stage["name"] == name:
                stage["who"] = ["court"]
        yield f"only a court acts in the stage {name}", spoiled


def conduct_spoiled(table: Table) -> Faults:
    conduct = table["conduct"]
    for word in sorted(conduct.keys() - OF_ITSELF):
        spoiled = deepcopy(table)
        del spoiled["conduct"][word]
        yield f"the conduct loses its {word}", spoiled
    for need in conduct["closes_when"]:
        spoiled = deepcopy(table)
        spoiled["conduct"]["closes_when"].remove(need)
        yield f"closing does not wait for {need}", spoiled
    given = {command for stage in table["stage"] for command in stage["may"]}
    for need, command in SETTLES.items():
        if command not in given:
            spoiled = deepcopy(table)
            spoiled["conduct"]["closes_when"].append(need)
            yield f"closing waits for {need}", spoiled
    for clock in table["clock"]:
        if clock["id"] not in conduct.get("extends", ()):
            spoiled = deepcopy(table)
            spoiled["conduct"]["extends"] = [clock["id"]]
            yield f"{clock['id']} is extended", spoiled
        if "objection_window" in conduct and clock["id"] != conduct["objection_window"]:
            spoiled = deepcopy(table)
            spoiled["conduct"]["objection_window"] = clock["id"]
            yield f"the time to object is {clock['id']}", spoiled
    if "contact_before_outcome" not in conduct:
        spoiled = deepcopy(table)
        spoiled["conduct"]["contact_before_outcome"] = True
        yield "contact must come first, and no clock judges it", spoiled


def text_spoiled(table: Table) -> Faults:
    for index, marked in enumerate(table.get("unmodelled", ())):
        for number in marked["sentences"]:
            rest = [each for each in marked["sentences"] if each != number]
            yield f"sentence {number} is marked no more", _with(table, "unmodelled", index, "sentences", rest)
        yield f"{marked['sentences']} are partly modelled", _with(table, "unmodelled", index, "partly", True)
    if "text" not in table:
        return
    for index, clock in enumerate(table["clock"]):
        if "source" in clock:
            spoiled = deepcopy(table)
            marked = {"sentences": clock["source"][:1], "because": "it binds to nothing"}
            spoiled.setdefault("unmodelled", []).append(marked)
            yield f"the sentence of {clock['id']} is marked as not modelled", spoiled
        beyond = [*clock.get("source", ()), len(table["text"]["sentences"]) + 1]
        yield f"{clock['id']} rests on a sentence too far", _with(table, "clock", index, "source", beyond)
    for index, letter in enumerate(table["letter"]):
        if "addition" in letter:
            cited = f"{letter['addition']} ({len(table['text']['sentences']) + 1})"
            yield (
                f"the {letter['name']} cites a sentence too far",
                _with(table, "letter", index, "addition", cited),
            )


def organisation_spoiled(table: Table) -> Faults:
    for word, other in (
        ("tone", "je" if table["tone"] == "u" else "u"),
        ("organisation", "nobody"),
        ("zone", "Europe/London" if table["zone"] == "Europe/Amsterdam" else "Europe/Amsterdam"),
    ):
        yield f"{word} is {other}", {**deepcopy(table), word: other}


def _with(table: Table, section: str, index: int, word: str, value: object) -> Table:
    """Copy the tables with one word of one section set, or taken out."""
    spoiled = deepcopy(table)
    if value is None:
        del spoiled[section][index][word]
    else:
        spoiled[section][index][word] = value
    return spoiled
