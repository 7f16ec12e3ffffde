"""Clocks: each ends once, never early, never unnoticed, on the day an oracle agrees to, and soon."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from chaos.oracle import MAY_END_SOONER, ends, is_free, midnight_after, term_of
from chaos.record import StoredEvent
from chaos.sorted_history import SortedRun

BREACHES = ("DeadlineBreached", "TargetMissed")

LATE_WITHIN_S = 15.0
"""Real seconds from a due instant to its breach while nothing is broken; as a rule it is one or two."""


def each_clock_ends_once(run: SortedRun) -> Iterator[str]:
    """I8: per clock and reading at most one breach, never early, never missing, on the right day.

    A duty that begins anew with a period named in a letter may break once more in that period.
    """
    for case, stream in run.cases.items():
        breaches = [event for event in stream if event.type in BREACHES]
        counts = Counter(_counted_by(stream))
        for (clock, reading, _), count in counts.items():
            if count > 1:
                yield f"case {case}: clock {clock} broke {count} times by the {reading} reading"
        for breach in breaches:
            if breach.recorded_s < breach.happened_s:
                yield f"case {case}: clock {breach.data['clock']} broke before it was due"
        for deadline in (event for event in stream if event.type == "DeadlineSet"):
            yield from _wrong_days(case, deadline, date.fromisoformat(stream[0].data["received_on"]))
            if case not in run.poisoned_cases and _ends_by_itself(stream, deadline):
                yield from _wrong_ends(run, stream, deadline)


def breaches_are_recorded_in_time(run: SortedRun) -> Iterator[str]:
    """I10: from the due instant, or the end of what was broken then, to the record a bounded time."""
    for event in run.events:
        if event.type not in BREACHES:
            continue
        due_s, recorded_s = run.wall_s(event.happened_s), run.wall_s(event.recorded_s)
        if recorded_s > run.undisturbed_until(due_s, LATE_WITHIN_S):
            yield f"case {event.case}: {event.data['clock']} was told {recorded_s - due_s:.1f} s late"


def _counted_by(stream: list[StoredEvent]) -> Iterator[tuple[str, str, int]]:
    """Return clock, reading and how often the clock had begun anew, for each breach."""
    begun: Counter[str] = Counter()
    for event in stream:
        if event.type == "DeadlineMoved" and event.data.get("anew"):
            begun[event.data["clock"]] += 1
        if event.type in BREACHES:
            yield event.data["clock"], event.data["reading"], begun[event.data["clock"]]


def _wrong_ends(run: SortedRun, stream: list[StoredEvent], deadline: StoredEvent) -> Iterator[str]:
    clock = deadline.data["clock"]
    met = _met_by(stream, deadline)
    for reading, due_s in _passings(deadline):
        breach = next(
            (
                event
                for event in stream
                if event.type in BREACHES and (event.data["clock"], event.data["reading"]) == (clock, reading)
            ),
            None,
        )
        is_unmet = met is None or met.happened_s >= due_s
        if breach is None and is_unmet and run.ended.at_s - run.wall_s(due_s) > LATE_WITHIN_S:
            yield f"case {deadline.case}: clock {clock} passed by the {reading} reading, nobody was told"
        if breach is not None and not is_unmet and met is not None and met.version < breach.version:
            yield f"case {deadline.case}: clock {clock} was met in time and broke all the same"
        if breach is not None and abs(breach.happened_s - due_s) > 1e-3:
            yield f"case {deadline.case}: clock {clock} broke at another moment than it was due"


def _ends_by_itself(stream: list[StoredEvent], deadline: StoredEvent) -> bool:
    """Return whether a clock depends on nothing but its own term and facts; the oracle knows no more."""
    moved = any(
        event.type == "DeadlineMoved" and event.data.get("clock") == deadline.data["clock"]
        for event in stream
    )
    return not moved and not deadline.data["rule"].get("only_if_unmet")


def _passings(deadline: StoredEvent) -> list[tuple[str, float]]:
    if deadline.data["kind"] in ("window", "right"):
        return []
    strict, lenient = _seconds(deadline.data["strict"]["at"]), _seconds(deadline.data["lenient"]["at"])
    if strict == lenient:
        return [("both", strict)]
    if deadline.data["working"] == "lenient":
        return [("lenient", lenient)]
    return [("strict", strict), ("lenient", lenient)]


def _met_by(stream: list[StoredEvent], deadline: StoredEvent) -> StoredEvent | None:
    """Find the first event that satisfies a clock; handlers do nothing in a campaign, letters do."""
    wanted = set(deadline.data["rule"]["satisfied_by"])
    found = [event for event in stream if _facts(event) & wanted]
    return min(found, key=lambda event: event.happened_s, default=None)


def _facts(event: StoredEvent) -> set[str]:
    match event.type:
        case "ComplaintReceived":
            return {"complaint received"}
        case "CaseOpened":
            return {"case opened"}
        case "LetterSent":
            return {f"{event.data['letter']} sent", f"{event.data['letter']} arrived"}
        case _:
            return set()


def _wrong_days(case: str, deadline: StoredEvent, received_on: date) -> Iterator[str]:
    """Compare ends and derivation with the oracle: the days, their midnights, and every day that counted."""
    data = deadline.data
    found = tuple(date.fromisoformat(data[end]["on"]) for end in ("strict", "lenient"))
    right = ends(data["clock"], received_on)
    if right is None:
        yield f"case {case}: the judge knows no clock {data['clock']}"
        return
    is_sooner = data["clock"] in MAY_END_SOONER and right[0] <= found[1] <= right[1]
    if found[0] != right[0] or (found[1] != right[1] and not is_sooner):
        expected = f"{right[0]} to {right[1]}"
        yield f"case {case}: clock {data['clock']} ends {found[0]} to {found[1]}, not {expected}"
    read = [date.fromisoformat(reading["ends"]["on"]) for reading in data["readings"]]
    if (min(read), max(read)) != found:
        yield f"case {case}: the readings of clock {data['clock']} end on {min(read)} and {max(read)}"
    for end in (data["strict"], data["lenient"]):
        if abs(_seconds(end["at"]) - midnight_after(date.fromisoformat(end["on"]), data["zone"])) > 1e-3:
            yield f"case {case}: clock {data['clock']} ends at {end['at']}, not at the end of {end['on']}"
    for reading in data["readings"]:
        counted = sorted(
            date.fromisoformat(step["on"])
            for step in reading["because"]
            if step["counted"] and not step["why"].startswith("guard")
        )
        if len(set(counted)) != term_of(data["clock"]):
            yield f"case {case}: clock {data['clock']} counts {len(counted)} of {term_of(data['clock'])}"
        if data["rule"]["unit"] != "working days" or reading["name"].startswith("calendar days"):
            continue
        if wrong := [day.isoformat() for day in counted if is_free(day)]:
            yield f"case {case}: clock {data['clock']} counts {', '.join(wrong)}, when nobody works"


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
