"""Letters: each leaves, every copy is explained, none comes before its cause."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from chaos.record import ReceivedMail, SmtpReply, StoredEvent
from chaos.sorted_history import SortedRun

LETTER_OUTCOMES = ("LetterSent", "LetterPrepared", "LetterRefused")

OWN_INBOXES = frozenset({"kwaliteit@supportoplus.example"})
"""Inboxes of organisations that get a copy of every filled-in form: they belong to no case."""

CLOCKS_AGREE_WITHIN_S = 2.0
"""Between the mail server's clock and the samples of the system's."""


def every_letter_leaves(run: SortedRun) -> Iterator[str]:
    """I11: sent means taken over by a server, refused means a 5xx, owed means one of these or waiting."""
    accepted = {mail.message_id for mail in run.mails if mail.accepted}
    waiting = {letter.case for letter in run.letters}
    for case, stream in run.cases.items():
        outcomes = [event for event in stream if event.type in LETTER_OUTCOMES]
        for event in outcomes:
            if event.type == "LetterSent" and event.data["message_id"] not in accepted:
                yield f"case {case}: a letter counts as sent and no server has it"
            if event.type == "LetterRefused" and _is_given_up_too_soon(event):
                yield f"case {case}: a letter was given up for a {event.data['reply_code']}"
        opened = next((event for event in stream if event.type == "CaseOpened"), None)
        if opened is None or case in run.forgotten_cases | run.poisoned_cases:
            continue
        settled = {event.data["letter"] for event in outcomes}
        owed = [letter for letter in opened.data["letters"] if letter not in settled]
        if owed and case not in waiting:
            yield f"case {case}: letters {owed} are neither settled nor waiting"
    yield from _asked_again(run)


def every_copy_is_explained(run: SortedRun) -> Iterator[str]:
    """I12: copies beyond the first are no more than recorded uncertain attempts, all of one content."""
    uncertain = Counter(event.data["message_id"] for event in run.events if event.type == "LetterUncertain")
    copies: dict[str, list[ReceivedMail]] = defaultdict(list)
    identities: dict[str, set[str]] = defaultdict(set)
    for mail in run.mails:
        identities[mail.to].add(mail.message_id)
        if mail.accepted:
            copies[mail.message_id].append(mail)
    for message_id, same in copies.items():
        if len(same) - 1 > uncertain[message_id]:
            yield f"{message_id}: {len(same)} copies and {uncertain[message_id]} uncertain attempts"
        if len({mail.digest for mail in same}) > 1:
            yield f"{message_id}: its copies differ"
    for to, different in identities.items():
        if to in OWN_INBOXES:
            continue
        stream = run.cases.get(run.case_of_address.get(to, ""), [])
        opened = next((event for event in stream if event.type == "CaseOpened"), None)
        if opened is not None and len(different) > len(opened.data["letters"]):
            yield f"case {opened.case}: {len(different)} identities for {len(opened.data['letters'])} letters"


def no_letter_before_its_cause(run: SortedRun) -> Iterator[str]:
    """I13: a mail belongs to a case that stands, was open before the mail came, and has an event for it."""
    for mail in run.mails:
        if mail.to in OWN_INBOXES:
            continue
        case = run.case_of_address.get(mail.to)
        opened = next((event for event in run.cases.get(case or "", []) if event.type == "CaseOpened"), None)
        if opened is None:
            yield f"a mail came for case {case or 'of nobody'}, which was never opened"
        elif mail.at_s < run.wall_s(opened.recorded_s) - CLOCKS_AGREE_WITHIN_S:
            yield f"case {case}: a mail came before the case was open"
    yield from _mails_without_an_event(run)


def _mails_without_an_event(run: SortedRun) -> Iterator[str]:
    """A transaction that was taken back left no mail behind: each that was taken over stands in its case."""
    recorded = {event.data.get("message_id") for event in run.events if event.type.startswith("Letter")}
    waiting = {letter.case for letter in run.letters}
    for mail in run.mails:
        case = run.case_of_address.get(mail.to, "")
        is_excused = case in waiting or case in run.forgotten_cases or mail.to in OWN_INBOXES
        if mail.accepted and mail.message_id not in recorded and not is_excused:
            yield f"case {case}: no event tells of the mail {mail.message_id}"


def _is_given_up_too_soon(event: StoredEvent) -> bool:
    if event.data["stage"] == "address" or 500 <= event.data["reply_code"] < 600:
        return False
    return bool(event.data["attempts"] < 10)


def _asked_again(run: SortedRun) -> Iterator[str]:
    """A letter that was refused for good is offered again only where the answer may have been lost."""
    refused: dict[str, list[SmtpReply]] = defaultdict(list)
    for reply in run.replies:
        if reply.code >= 500 and reply.to not in OWN_INBOXES:
            refused[reply.to].append(reply)
    uncertain = Counter(event.case for event in run.events if event.type == "LetterUncertain")
    for to, times in refused.items():
        case = run.case_of_address.get(to, "")
        lost = sum(
            bool(fault.what) and times[0].mono_s - 5.0 <= fault.mono_s <= times[-1].mono_s + 5.0
            for fault in run.faults
            if fault.name != "healing"
        )
        if len(times) > 1 + uncertain[case] + lost:
            yield f"case {case}: offered {len(times)} times to a server that refuses it for good"
