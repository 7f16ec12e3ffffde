"""How every clock of a case must end, judged from its diary alone: what was done when, in plain words.

Nothing here uses the code it checks. The days come from `second_implementation`, which counts by its own
tables; what each act means to each clock, and what a moment is worth against a deadline, is written down once
more, by hand, from what was settled about the procedures. A case is judged at its end and as a whole, by the
facts that stand then, while the system has judged it step by step on its way there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from second_implementation import (
    DUTCH,
    Ends,
    awb,
    bc,
    destiny,
    fca_disp,
    ingressus,
    midnight_after,
    preact,
    supportoplus,
)

Entry = Mapping[str, Any]
Judgement = tuple[str, date | None, date | None]
"""The outcome, and the days of the last interval."""

NEVER = None


@dataclass
class Taken:
    """A fact that was taken back: when it happened, and when it was taken."""

    name: str
    happened_at: datetime
    taken_at: datetime


@dataclass
class Facts:
    """What happened, by name, as it stands at the end; `told` are days told, `taken` is what was undone.

    `noted` says when something was recorded that had happened earlier; `rests` are the times between a
    withdrawal and the reopening that took it back.
    """

    west: bool
    at: dict[str, list[datetime]] = field(default_factory=dict)
    told: list[tuple[datetime, str, date]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    dated_on: date | None = None
    agreed_on: date | None = None
    noted: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    rests: list[tuple[datetime, datetime]] = field(default_factory=list)

    def first(self, *names: str, after: datetime | None = None) -> datetime | None:
        found = [at for name in names for at in self.at.get(name, ()) if after is None or at > after]
        return min(found, default=None)

    def day(self, *names: str) -> date | None:
        first = self.first(*names)
        return None if first is None else civil_day(first, self.west)

    def last_day(self, name: str) -> date | None:
        found = self.at.get(name)
        return civil_day(max(found), self.west) if found else None

    def was_taken(self, *names: str) -> list[Taken]:
        return [taken for taken in self.taken if taken.name in names]


def civil_day(moment: datetime, west: bool) -> date:
    """The date on the calendar on the wall."""
    day = moment.date()
    return day if moment < midnight_after(day, west) else date.fromordinal(day.toordinal() + 1)


# --- what each act means ---------------------------------------------------------------------------------


@dataclass
class Letter:
    """The newest letter of a name: the facts that its arrival gave, and the day it tells."""

    dated_on: date
    until: date | None
    arrived: list[tuple[str, datetime]] = field(default_factory=list)
    told: list[tuple[datetime, str, date]] = field(default_factory=list)


class Reader:
    """Reads a diary from its beginning to its end."""

    def __init__(self, organisation: str) -> None:
        self.organisation = organisation
        self.facts = Facts(west=organisation == "fca-disp")
        self.letters: dict[str, Letter] = {}
        self.received_on = date.min
        self.nature = "other"
        self.is_complaint = True
        self.taken_up: list[tuple[datetime, datetime]] = []
        """From each withdrawal to the reopening that took it back."""

    def read(self, diary: Iterable[Entry]) -> None:
        for entry in diary:
            self._take(entry["did"], entry["at"], entry.get("with", {}))
            if entry.get("noted_at"):
                self.facts.noted[NAMES.get(entry["did"], entry["did"]), entry["at"]] = entry["noted_at"]

    def _take(self, did: str, at: datetime, said: Entry) -> None:
        match did:
            case "received":
                self.received_on, self.nature = civil_day(at, self.facts.west), said["nature"]
                self.is_complaint = not (self.organisation == "bc" and self.nature == "incident")
            case "reclassify":
                self.is_complaint = self.is_complaint or said["kind"] in ("complaint", "both")
            case "mail sent":
                self._arrives(said["letter"], self._new_letter(at, said), at)
            case "printed":
                self._new_letter(at, said)
            case "record-posted":
                self._arrives(said["letter"], self.letters[said["letter"]], at)
            case "record-returned":
                self._comes_back(self.letters[said["letter"]], at)
            case "make-plan":
                self._happens("plan made", at)
                self.facts.told.append((at, "plan", date.fromisoformat(said["until"])))
            case "reopen":
                for ended in ("withdrawn", "closed"):
                    self.facts.rests += [(since, at) for since in self.facts.at.pop(ended, [])]
                    self.taken_up += [rest for rest in self.facts.rests if ended == "withdrawn"][-1:]
            case "record-talk":
                self._happens("talk held", at)
                self._happens("contact made", at)
            case "invite-to-talk" if said["how"] != "letter":
                self._happens("contact made", at)
            case "invite-to-hearing" if said["how"] != "letter":
                self._happens("hearing invited", at)
            case "record-hearing":
                self._happens("hearing held", at)
                if not said["satisfied"]:
                    self._happens("outer route open", at)
            case "agree-hearing":
                self.facts.agreed_on = civil_day(datetime.fromisoformat(said["hearing_at"]), self.facts.west)
            case "close":
                self._happens("complaint handled", at)
                self._happens("closed", at)
            case "lodge-objection":
                self.facts.at.pop("closed", None)
                self._happens("objection arrived", at)
            case _:
                self._happens(NAMES.get(did, did), at)

    def _happens(self, name: str, at: datetime) -> None:
        self.facts.at.setdefault(name, []).append(at)

    def _new_letter(self, at: datetime, said: Entry) -> Letter:
        until = date.fromisoformat(said["until"]) if "until" in said else None
        if (self.organisation, said["letter"]) == ("ingressus", "acknowledgement"):
            until = self._promised_at(at)
        letter = self.letters[said["letter"]] = Letter(civil_day(at, self.facts.west), until)
        return letter

    def _promised_at(self, at: datetime) -> date:
        """The day by which Ingressus works when it writes its acknowledgement."""
        spans = moved(
            ingressus(self.received_on, {}, DUTCH)["ING-4"], self.facts, ("acknowledgement", "delay notice")
        )
        return spans[-1].strict

    def _arrives(self, name: str, letter: Letter, at: datetime) -> None:
        self._happens(f"{name} sent", at)
        if name == "acknowledgement" and self.facts.dated_on is None:
            self.facts.dated_on = letter.dated_on
        given = [f"{name} arrived", *(["hearing invited"] if name == "hearing invitation" else [])]
        for fact in given:
            self._happens(fact, at)
            letter.arrived.append((fact, at))
        if letter.until is not None:
            letter.told.append((at, name, letter.until))
            self.facts.told.append((at, name, letter.until))

    def _comes_back(self, letter: Letter, at: datetime) -> None:
        for fact, arrived_at in letter.arrived:
            self.facts.at[fact].remove(arrived_at)
            self.facts.taken.append(Taken(fact, arrived_at, at))
        for telling in letter.told:
            self.facts.told.remove(telling)
        letter.arrived.clear()
        letter.told.clear()


NAMES = {
    "record-solved": "solved",
    "record-contact": "contact made",
    "record-contact-attempt": "contact attempted",
    "record-handled": "complaint handled",
    "waive-hearing": "hearing waived",
    "write-hearing-record": "hearing recorded",
    "name-outer-route": "outer route open",
    "record-outer-route": "outer route taken",
    "withdraw": "withdrawn",
}


# --- what a moment is worth ------------------------------------------------------------------------------


@dataclass
class Span:
    """An end that held from a moment on."""

    strict: date
    lenient: date
    since: datetime | None
    west: bool = False
    anew: bool = False

    @property
    def strict_at(self) -> datetime:
        return midnight_after(self.strict, self.west)

    @property
    def lenient_at(self) -> datetime:
        return midnight_after(self.lenient, self.west)

    def worth(self, met_at: datetime) -> str:
        if met_at < self.strict_at:
            return "met in time"
        return "met in dispute" if met_at < self.lenient_at else "met late"


def moved(ends: tuple[date, date] | None, facts: Facts, by: Sequence[str]) -> list[Span]:
    """The ends one after the other: each day told replaces the end before, or is anew after that."""
    spans = [] if ends is None else [Span(*ends, since=None, west=facts.west)]
    for at, name, until in sorted(facts.told):
        anew = bool(spans) and at >= spans[-1].lenient_at
        if name in by and not (anew and at >= midnight_after(until, facts.west)):
            spans.append(Span(until, until, since=at, west=facts.west, anew=anew))
    return spans


@dataclass
class Judge:
    """Judges the clocks of one case at `until`."""

    facts: Facts
    until: datetime

    @property
    def withdrawn_at(self) -> datetime | None:
        return self.facts.first("withdrawn")

    @property
    def over_at(self) -> datetime | None:
        """From when the company owes nothing any more: about a complaint taken back, or a closed case."""
        return self.facts.first("withdrawn", "closed")

    def promise(
        self, spans: Sequence[Span], *met: str, needless: str | None = None, is_plan: bool = False
    ) -> Judgement:
        """A duty or a target with a term: met against its last end, or broken under one of its ends.

        Promised anew after the end before, or in another plan, it is judged by that alone.
        """
        if not spans:
            return "waiting", None, None
        done_at = self.facts.first(*met)
        if not is_plan and done_at is not None:
            spans = [span for span in spans if not span.anew or span.since < done_at]  # type: ignore[operator]
        needless_at = None if needless is None else self._noted(self.facts.first(needless), [needless])
        over = [self.over_at, needless_at]
        dropped_at = min((at for at in over if at is not None), default=None)
        spans = [span for span in spans if span is spans[0] or not after(span.since, dropped_at)]
        last, begun_at = spans[-1], None
        for index, span in reversed([*enumerate(spans)][1:]):
            solved_before = done_at is not None and not after(done_at, span.since)
            if span.anew or (is_plan and (span.strict != spans[index - 1].strict or solved_before)):
                spans, begun_at = spans[index:], span.since
                break
        met_at = self.facts.first(*met, after=begun_at)
        if (outcome := self._ended_at_rest(spans, met, met_at)) is not None:
            return outcome, last.strict, last.lenient
        if met_at is not None and not after(met_at, dropped_at):
            return last.worth(met_at), last.strict, last.lenient
        broken = self._broken(spans, met, dropped_at)
        return broken or self._untouched(dropped_at), last.strict, last.lenient

    def _ended_at_rest(
        self, spans: Sequence[Span], met: Sequence[str], met_at: datetime | None
    ) -> str | None:
        """What was disputed when the complaint was withdrawn stays so; what ran out since asks nothing."""
        for since, taken_up_at in self.facts.rests:
            if met_at is not None and met_at <= since:
                continue
            broken = self._broken([span for span in spans if not after(span.since, since)], met, since)
            if broken == "broken in dispute":
                return broken
            begun = [span for span in spans if not after(span.since, taken_up_at)]
            if begun and broken is None and begun[-1].strict_at <= taken_up_at:
                return "dropped"
        return None

    def _broken(self, spans: Sequence[Span], met: Sequence[str], dropped_at: datetime | None) -> str | None:
        """Which of the readings passed while its end held; what was taken back broke it only then."""
        in_dispute = False
        for index, span in enumerate(spans):
            ends = [self.until, dropped_at, spans[index + 1].since if index + 1 < len(spans) else None]
            held_until = min(end for end in ends if end is not None)
            lost_at = [t.taken_at for t in self.facts.was_taken(*met) if t.happened_at < span.lenient_at]
            if max([span.lenient_at, *lost_at]) <= held_until:
                return "broken"
            in_dispute = in_dispute or max([span.strict_at, *lost_at]) <= held_until
        return "broken in dispute" if in_dispute else None

    def notice(
        self, spans: Sequence[Span], base: Sequence[Span], met: str, base_met: Sequence[str]
    ) -> Judgement:
        """A duty that is only asked for when the base clock is not met: it begins anew with each end told."""
        done_at = self.facts.first(*base_met)
        needed = [
            (span, of_base)
            for span, of_base in zip(spans, base, strict=True)
            if not (of_base.anew and done_at is not None and of_base.since and done_at <= of_base.since)
        ]
        spans, base = [span for span, _ in needed], [of_base for _, of_base in needed]
        dropped_at = self.over_at
        for index, (span, of_base) in enumerate(zip(spans, base, strict=True)):
            if after(span.since, dropped_at):
                break
            if index == 0 or span.strict != spans[index - 1].strict:
                begun_at = span.since  # the same end said again begins nothing
            last, last_of_base = span, of_base
            if (
                done_at is not None
                and done_at < of_base.strict_at
                and not after(done_at, following(base, of_base))
            ):
                break
        in_time_at = done_at if done_at is not None and done_at < last_of_base.strict_at else None
        at_rest = (
            self._ended_at_rest(spans, [met], self.facts.first(met, after=begun_at))
            if in_time_at is None
            else None
        )
        if at_rest is None and self.facts.first(met, after=begun_at) is None:
            # Whether it was asked for is known at the end of the base, and nothing was owed then.
            at_rest = "dropped" if self._ended_at_rest(base, base_met, done_at) == "dropped" else None
        if at_rest is not None:
            return at_rest, last.strict, last.lenient
        given_at = self.facts.first(met, after=begun_at)
        ends_at = min((at for at in (dropped_at, in_time_at) if at is not None), default=None)
        if given_at is not None and not after(given_at, ends_at):
            return last.worth(given_at), last.strict, last.lenient
        known_at = self._noted(in_time_at, base_met)  # what nobody wrote down in time has broken it already
        held_until = min(at for at in (self.until, dropped_at, known_at) if at is not None)
        lost_at = [
            taken.taken_at for taken in self.facts.was_taken(met) if taken.happened_at < last.lenient_at
        ]
        outcome = self._untouched(ends_at)
        if max([last.lenient_at, last_of_base.lenient_at, *lost_at]) <= held_until:
            outcome = "broken"
        elif max([last.strict_at, last_of_base.strict_at, *lost_at]) <= held_until:
            outcome = "broken in dispute"
        return outcome, last.strict, last.lenient

    def window(self, ends: tuple[date, date] | None, start: str, met: str) -> Judgement:
        """A time in which the complainant may do something; its start may be taken back."""
        met_at, dropped_at = self.facts.first(met), self.withdrawn_at
        if ends is None:
            return ("dropped" if self.facts.was_taken(start) else "waiting"), None, None
        span = Span(*ends, since=None, west=self.facts.west)
        if self._ran_out_at_rest(span, met_at, begun_at=self.facts.first(start), lapses=True):
            return "dropped", *ends
        if met_at is not None and not after(met_at, dropped_at):
            return span.worth(met_at), *ends
        if span.lenient_at <= min(at for at in (self.until, dropped_at) if at is not None):
            return "lapsed", *ends
        return self._untouched(dropped_at), *ends

    def right(self, ends: tuple[date, date], met: str) -> Judgement:
        """A right with a term: nobody breaks it, and it lapses for nobody."""
        met_at, dropped_at = self.facts.first(met), self.withdrawn_at
        span = Span(*ends, since=None, west=self.facts.west)
        if self._ran_out_at_rest(span, met_at):
            return "dropped", *ends
        if met_at is not None and not after(met_at, dropped_at):
            return span.worth(met_at), *ends
        return self._untouched(dropped_at), *ends

    def _ran_out_at_rest(
        self, span: Span, met_at: datetime | None, begun_at: datetime | None = None, lapses: bool = False
    ) -> bool:
        return any(
            not after(begun_at, since)
            and (met_at is None or met_at > since)
            and (since < span.lenient_at or not lapses)
            and span.strict_at <= taken_up_at
            for since, taken_up_at in self.facts.rests
        )

    def without_term(self, starts: Sequence[str], *met: str, is_right: bool = False) -> Judgement:
        """Owed, or free to do, since its start."""
        if self.facts.first(*starts) is None and "received" not in starts:
            return ("dropped" if self.facts.was_taken(*starts) else "waiting"), None, None
        met_at, dropped_at = self.facts.first(*met), self.withdrawn_at if is_right else self.over_at
        if met_at is not None and not after(met_at, dropped_at):
            return "met in time", None, None
        return self._untouched(dropped_at), None, None

    def before(self, met: str, following: str, released: str) -> Judgement:
        """A duty that comes before another act, unless it was tried in vain first."""
        met_at, next_at, tried_at = (self.facts.first(name) for name in (met, following, released))
        dropped_at = self.over_at
        if met_at is not None and not after(met_at, dropped_at):
            is_late = next_at is not None and next_at <= met_at and not (tried_at and tried_at < next_at)
            if not (tried_at is not None and next_at is not None and tried_at < next_at < met_at):
                return ("met late" if is_late else "met in time"), None, None
        lost = [taken.happened_at for taken in self.facts.was_taken(following)]
        answered_at = min([*lost, *([next_at] if next_at else [])], default=None)
        if answered_at is not None and not after(answered_at, dropped_at):
            if tried_at is None or tried_at >= answered_at:
                return "broken", None, None
            if next_at is not None:
                return "dropped", None, None
        return self._untouched(dropped_at), None, None

    def _noted(self, at: datetime | None, names: Sequence[str]) -> datetime | None:
        if at is None:
            return None
        return next((self.facts.noted[name, at] for name in names if (name, at) in self.facts.noted), at)

    def _untouched(self, dropped_at: datetime | None) -> str:
        return "open" if dropped_at is None else "dropped"


def after(moment: datetime | None, end: datetime | None) -> bool:
    return moment is not None and end is not None and moment > end


def following(spans: Sequence[Span], span: Span) -> datetime | None:
    index = list(spans).index(span)
    return spans[index + 1].since if index + 1 < len(spans) else None


# --- the procedures --------------------------------------------------------------------------------------


def judge(organisation: str, diary: Iterable[Entry], until: datetime) -> dict[str, Judgement]:
    """Every clock that applies to a case, and how it ends."""
    reader = Reader(organisation)
    reader.read(diary)
    if not reader.is_complaint:
        return {}
    found = _JUDGES[organisation](reader, Judge(reader.facts, until))
    for since, taken_up_at in reader.taken_up[-1:]:
        found |= _counted_anew(found, reader, until, (since, taken_up_at))
    return found


COUNTED = ("DES-1", "DES-2", "BNC-2", "SUP-1", "SUP-2", "SUP-4", "PRE-1", "PRE-3", "ING-1", "ING-2", "ING-4",
           "AWB-1", "FCA-1", "FCA-2", "FCA-3")  # fmt: skip
"""The company's terms that begin with the receipt, and with the reopening if they ran out before it."""

SWITCHED_BY = {"DES-3": "DES-2", "ING-3": "ING-4", "AWB-2": "AWB-1"}


def _counted_anew(
    found: Mapping[str, Judgement], reader: Reader, until: datetime, rest: tuple[datetime, datetime]
) -> dict[str, Judgement]:
    """What ran out while a complaint was withdrawn is counted from the day on which it was taken up again."""
    since, taken_up_at = rest
    anew = Reader(reader.organisation)
    anew.received_on, anew.nature = civil_day(taken_up_at, reader.facts.west), reader.nature
    anew.facts = replace(
        reader.facts,
        told=[telling for telling in reader.facts.told if telling[0] > taken_up_at],
        rests=[each for each in reader.facts.rests if each[0] >= taken_up_at],
        dated_on=anew.received_on,
    )
    judged = _JUDGES[reader.organisation](anew, Judge(anew.facts, until))
    before = {name: [at for at in found_at if at <= taken_up_at] for name, found_at in anew.facts.at.items()}
    anew.facts = replace(anew.facts, at=before)
    at_once = _JUDGES[reader.organisation](anew, Judge(anew.facts, until))

    def ran_out(clock: str) -> bool:
        outcome, strict, _ = found[clock]
        is_idle = outcome == "dropped" and strict is not None and not at_once[clock][0].startswith("met")
        return is_idle and since < midnight_after(strict, reader.facts.west) <= taken_up_at

    return {
        clock: judged[clock]
        for clock in found
        if SWITCHED_BY.get(clock, clock) in COUNTED and ran_out(SWITCHED_BY.get(clock, clock))
    }


def _spans(ends: Ends, clock: str, facts: Facts) -> list[Span]:
    found = ends[clock]
    assert found is not None
    return [Span(*found, since=None, west=facts.west)]


def _destiny(case: Reader, judge: Judge) -> dict[str, Judgement]:
    known = {} if case.facts.dated_on is None else {"ack_dated": case.facts.dated_on}
    ends = destiny(case.received_on, known, DUTCH)
    solving = moved(ends["DES-2"], case.facts, ("delay notice",))
    return {
        "DES-ack": judge.without_term(["received"], "acknowledgement sent"),
        "DES-1": judge.promise(
            _spans(ends, "DES-1", case.facts), "substantive reaction sent", "proposal sent", "response sent"
        ),
        "DES-2": judge.promise(solving, "solved"),
        "DES-3": judge.notice(solving, solving, "delay notice sent", ["solved"]),
    }


def _bc(case: Reader, judge: Judge) -> dict[str, Judgement]:
    ends = bc(case.received_on, {}, DUTCH)
    return {
        "BNC-1": judge.without_term(["received"], "handling notice sent"),
        "BNC-2": judge.promise(_spans(ends, "BNC-2", case.facts), "plan made", needless="solved"),
        "BNC-3": judge.promise(moved(None, case.facts, ("plan",)), "solved", is_plan=True),
    }


def _supportoplus(case: Reader, judge: Judge) -> dict[str, Judgement]:
    ends = supportoplus(case.received_on, {}, DUTCH)
    return {
        "SUP-1": judge.promise(_spans(ends, "SUP-1", case.facts), "acknowledgement sent"),
        "SUP-2": judge.promise(_spans(ends, "SUP-2", case.facts), "contact made", "invitation sent"),
        "SUP-3": judge.without_term(["talk held"], "talk confirmation arrived"),
        "SUP-4": judge.promise(_spans(ends, "SUP-4", case.facts), "complaint handled"),
    }


def _preact(case: Reader, judge: Judge) -> dict[str, Judgement]:
    facts = case.facts
    known = {
        name: day
        for name, day in {
            "response_arrived": facts.last_day("response arrived"),
            "talk_ended": facts.day("hearing held"),
            "hearing_waived": facts.day("hearing waived"),
            "invited": facts.agreed_on or facts.day("hearing invited"),
        }.items()
        if day is not None
    }
    ends = preact(case.received_on, known, DUTCH)
    deciding = ends["PRE-6"]
    decided: Judgement = ("dropped" if _was_invited(facts) else "waiting", None, None)
    if deciding is not None:
        decided = judge.promise(_spans(ends, "PRE-6", facts), "board decision arrived")
    return {
        "PRE-1": judge.promise(_spans(ends, "PRE-1", facts), "acknowledgement arrived"),
        "PRE-2": judge.before("contact made", "response arrived", "contact attempted"),
        "PRE-3": judge.promise(_spans(ends, "PRE-3", facts), "response arrived"),
        "PRE-4": judge.window(ends["PRE-4"], "response arrived", "objection arrived"),
        "PRE-5": judge.without_term(["objection arrived"], "hearing invited"),
        "PRE-6": decided,
    }


def _was_invited(facts: Facts) -> bool:
    return facts.first("hearing invited") is not None or bool(facts.was_taken("hearing invited"))


def _ingressus(case: Reader, judge: Judge) -> dict[str, Judgement]:
    facts = case.facts
    answered_on = facts.last_day("response arrived")
    ends = ingressus(
        case.received_on, {} if answered_on is None else {"response_arrived": answered_on}, DUTCH
    )
    promise = moved(ends["ING-4"], facts, ("acknowledgement", "delay notice"))
    notices = [
        Span(*back, since=span.since, anew=span.anew)
        for span in promise
        if (back := _counted_back(case.received_on, span)) is not None
    ]
    return {
        "ING-1": judge.promise(_spans(ends, "ING-1", facts), "acknowledgement arrived"),
        "ING-2": judge.promise(_spans(ends, "ING-2", facts), "complaint handled"),
        "ING-3": judge.notice(notices, promise, "delay notice arrived", ["response arrived"]),
        "ING-4": judge.promise(promise, "response arrived"),
        "ING-5": judge.window(ends["ING-5"], "response arrived", "objection arrived"),
        "ING-6": judge.without_term(["objection arrived"], "hearing invited"),
        "ING-7": judge.without_term(["hearing held"], "hearing recorded"),
        "ING-8": judge.without_term(["outer route open"], "outer route taken", is_right=True),
    }


def _counted_back(received_on: date, span: Span) -> tuple[date, date] | None:
    told = {} if span.since is None else {"promised_until": span.lenient}
    return ingressus(received_on, told, DUTCH)["ING-3"]


def _awb(case: Reader, judge: Judge) -> dict[str, Judgement]:
    ends = awb(case.received_on, {}, ("nl-atw-besluit",))
    findings = moved(ends["AWB-1"], case.facts, ("delay notice",))
    return {
        "AWB-ack": judge.without_term(["received"], "acknowledgement sent"),
        "AWB-1": judge.promise(findings, "response sent"),
        "AWB-2": judge.notice(findings, findings, "delay notice sent", ["response sent"]),
        "AWB-3": judge.before("hearing held", "response sent", "hearing waived"),
        "AWB-4": judge.without_term(["response arrived"], "outer route taken", is_right=True),
    }


def _fca_disp(case: Reader, judge: Judge) -> dict[str, Judgement]:
    ends = fca_disp(case.received_on, {}, ("gb-eng",))
    resolved = ends["FCA-1"]
    assert resolved is not None
    found = {
        "FCA-ack": judge.without_term(["received"], "acknowledgement sent"),
        "FCA-1": judge.right(resolved, "complaint handled"),
        "FCA-2": judge.promise(_spans(ends, "FCA-2", case.facts), "response sent", "delay notice sent"),
        "FCA-3": judge.promise(moved(ends["FCA-3"], case.facts, ("delay notice",)), "response sent"),
        "FCA-4": judge.without_term(["response arrived"], "outer route taken", is_right=True),
    }
    if case.nature != "billing":
        del found["FCA-3"]
    return found


_JUDGES: Mapping[str, Callable[[Reader, Judge], dict[str, Judgement]]] = {
    "destiny": _destiny,
    "bc": _bc,
    "supportoplus": _supportoplus,
    "preact": _preact,
    "ingressus": _ingressus,
    "awb": _awb,
    "fca-disp": _fca_disp,
}
