"""The page behind the signed link: where a case stands, and nothing personal."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import get_args
from uuid import uuid4

import pytest
from msgspec.structs import replace as changed

from events.catalogue import (
    CaseClosed,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseUnmerged,
    ClockRule,
    ComplaintWithdrawn,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    Event,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    LetterPrepared,
    LetterSent,
    Moment,
    SubjectErased,
    WindowLapsed,
)
from events.record.envelope import NewEvent
from events.testing import history_of, received
from intake.status.page import SECURITY, WORDS, not_found_page, status_page
from intake.status.progress import CaseProgress, State, progress_of
from intake.status_links import StatusLinks
from intake_desk import Desk
from procedures.organisations import organisations

AT = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
STRICT = Moment(on=date(2026, 4, 8), at=datetime(2026, 4, 8, 22, tzinfo=UTC))
LENIENT = Moment(on=date(2026, 4, 9), at=datetime(2026, 4, 9, 22, tzinfo=UTC))
LINKS = StatusLinks(b"k" * 32, "https://klachten.example/")

A_CLOCK = DeadlineSet(
    clock="SUP-2",
    kind="duty",
    binds="company",
    zone="Europe/Amsterdam",
    timezone_data="2026f",
    strict=STRICT,
    lenient=LENIENT,
    working="strict",
    warn_at=None,
    readings=(),
    rule=ClockRule(
        clock="SUP-2",
        kind="duty",
        binds="company",
        amount=3,
        unit="working days",
        starts="complaint received",
        satisfied_by=("contact made",),
        calendars=("nl-atw",),
        warn_before_working_days=1,
        source="sentence 1",
    ),
)
A_LETTER = LetterSent(
    letter="acknowledgement",
    letter_id=uuid4(),
    message_id="<x@example.org>",
    channel="email",
    language="nl",
    dated_on=date(2026, 4, 3),
    contents=(),
    attempts=1,
)
ON_PAPER = LetterPrepared(
    letter="response", letter_id=uuid4(), language="nl", dated_on=date(2026, 4, 1), contents=()
)
POSTED = LetterPosted(letter="response", letter_id=ON_PAPER.letter_id, dated_on=ON_PAPER.dated_on)
RETURNED = LetterBounced(letter="response", letter_id=ON_PAPER.letter_id, how="post")
OPENED = CaseOpened(
    reference="SUP-00000-00000-C",
    procedure="supportoplus",
    procedure_version=1,
    procedure_digest="",
    zone="Europe/Amsterdam",
    language="nl",
    handler="staff-1",
    team="klachten",
    received_on=date(2026, 4, 2),
    clocks=(),
    letters=(),
)
WITHDRAWN = ComplaintWithdrawn(channel="phone")
CLOSED = CaseClosed(because="handled")
MERGED = CaseMerged(into="SUP-22222-22222-S")
UNMERGED = CaseUnmerged(out_of="SUP-22222-22222-S")
A_WINDOW = changed(
    A_CLOCK,
    kind="window",
    binds="customer",
    working="lenient",
    rule=changed(A_CLOCK.rule, kind="window", binds="customer", satisfied_by=("objection arrived",)),
)
A_MOVE = DeadlineMoved(
    clock="SUP-2",
    because=("response arrived",),
    strict=Moment(on=date(2026, 4, 20), at=datetime(2026, 4, 20, 22, tzinfo=UTC)),
    lenient=Moment(on=date(2026, 4, 21), at=datetime(2026, 4, 21, 22, tzinfo=UTC)),
    warn_at=None,
    readings=(),
)
LAPSED = WindowLapsed(clock="SUP-2", due=LENIENT)
DROPPED = DeadlineDropped(clock="SUP-2", because="taken back")
OBJECTED = DeadlineMet(
    clock="SUP-2",
    kind="window",
    fact="objection arrived",
    by_version=9,
    met_at=AT,
    standing="in time",
    late_by_s=0,
)


def standing(*events: Event) -> CaseProgress:
    """Fold a history that begins with the canonical complaint."""
    history = history_of(*(NewEvent(event, AT) for event in (received(), *events)))
    folded = progress_of(history)
    assert folded is not None
    return folded


def page(folded: CaseProgress) -> str:
    """Write the page of a case at Supporto+."""
    return status_page(folded, organisations()["supportoplus"])


def test_a_new_complaint_is_said_to_be_received() -> None:
    """Reference, organisation and day of receipt stand on the page from the first moment."""
    text = page(standing())

    assert "SUP-00000-00000-C" in text
    assert organisations()["supportoplus"].name.replace("&", "&amp;") in text
    assert "2 april 2026" in text
    assert "ontvangen en vastgelegd" in text


def test_letters_and_promises_are_shown_with_their_days() -> None:
    """The complainant sees what was sent and what may be expected by when."""
    text = page(standing(A_CLOCK, A_LETTER))

    assert "Ontvangstbevestiging, verzonden op 3 april 2026" in text
    assert "8 april 2026" in text
    assert "9 april 2026" not in text


def test_a_kept_promise_is_told_and_a_broken_one_too() -> None:
    """The page hides neither that something was done nor that it was not."""
    breached = DeadlineBreached(
        clock="SUP-2", binds="company", reading="strict", due=STRICT, beyond_dispute=False
    )
    met = DeadlineMet(
        clock="SUP-2",
        kind="duty",
        fact="contact made",
        by_version=9,
        met_at=datetime(2026, 4, 9, 23, tzinfo=UTC),
        standing="late",
        late_by_s=3600,
    )

    assert "nog niet gedaan" in page(standing(A_CLOCK, breached))
    assert "Gedaan op" in page(standing(A_CLOCK, breached, met))
    assert date(2026, 4, 10) == standing(A_CLOCK, met).promises["SUP-2"].kept_on


def test_a_window_of_the_customer_is_no_promise_of_the_company() -> None:
    """Only what the organisation owes is listed as what may be expected of it."""
    text = page(standing(A_WINDOW))

    assert {} == standing(A_WINDOW).promises
    assert "Wat u van ons mag verwachten" not in text


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((), "Uw melding is ontvangen en vastgelegd."),
        ((OPENED,), "Uw melding is in behandeling."),
        ((OPENED, CLOSED), "Uw melding is afgesloten."),
        ((OPENED, CLOSED, CaseReopened()), "Uw melding is weer in behandeling."),
        ((OPENED, WITHDRAWN, CaseClosed(because="withdrawn")), "Uw melding is ingetrokken."),
        ((OPENED, MERGED), "Uw melding gaat verder in een andere melding over hetzelfde."),
        ((OPENED, MERGED, UNMERGED), "Uw melding is in behandeling."),
        ((OPENED, CLOSED, CaseReopened(), MERGED, UNMERGED), "Uw melding is weer in behandeling."),
    ],
)
def test_the_page_says_where_the_case_stands_now(events: tuple[Event, ...], said: str) -> None:
    """Whoever looks later reads that it was closed, withdrawn, taken up again or goes on elsewhere."""
    text = page(standing(*events))

    assert [f"<p>{said}</p>"] == re.findall(r"<p>Uw melding.*</p>", text)


def test_the_other_case_of_a_merge_is_not_named() -> None:
    """The earlier case may be somebody else's, so its reference is not shown."""
    assert MERGED.into not in page(standing(OPENED, MERGED))


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((ON_PAPER,), "Reactie op de klacht, klaargelegd voor de post op 1 april 2026"),
        ((ON_PAPER, POSTED), "Reactie op de klacht, op de post gedaan op 2 april 2026"),
        (
            (ON_PAPER, POSTED, RETURNED),
            "Reactie op de klacht, op de post gedaan op 2 april 2026. Dit bericht is bij ons teruggekomen.",
        ),
        ((ON_PAPER, POSTED, RETURNED, POSTED), "Reactie op de klacht, op de post gedaan op 2 april 2026"),
    ],
)
def test_a_letter_is_told_once_with_what_became_of_it(events: tuple[Event, ...], said: str) -> None:
    """A printed letter is ready, then posted, and may come back; the page says the last of these."""
    text = page(standing(*events))

    assert [said] == re.findall(r"<li>(.*)</li>", text)


def test_a_corrected_day_of_posting_is_the_one_that_is_shown() -> None:
    """A wrong date that was put right in the case is right on the page too."""
    right = LetterDateCorrected(
        letter="response",
        letter_id=ON_PAPER.letter_id,
        dated_on=date(2026, 3, 31),
        posted_at=datetime(2026, 4, 3, 23, tzinfo=UTC),
    )

    assert "klaargelegd voor de post op 31 maart 2026" in page(standing(ON_PAPER, right))
    assert "op de post gedaan op 4 april 2026" in page(standing(ON_PAPER, POSTED, right))


def test_a_letter_that_came_back_before_it_was_known_changes_nothing() -> None:
    """A note about a letter that the history does not hold adds no line."""
    assert {} == standing(RETURNED).letters


def test_the_complainant_is_told_until_when_they_may_object() -> None:
    """The last day by the most lenient reading is shown, so that nobody lets go of a right too early."""
    text = page(standing(A_WINDOW))

    assert "U kunt bezwaar maken tot en met" in text
    assert "9 april 2026" in text
    assert "8 april 2026" not in text


def test_the_day_until_which_they_may_object_moves_with_its_clock() -> None:
    """A window that is counted anew, also after its ground was gone, is shown with its new last day."""
    assert "21 april 2026" in page(standing(A_WINDOW, A_MOVE))
    assert "21 april 2026" in page(standing(A_WINDOW, DROPPED, A_MOVE))
    assert "9 april 2026" in page(standing(A_WINDOW, DROPPED, A_WINDOW))


@pytest.mark.parametrize("ending", [LAPSED, DROPPED, OBJECTED], ids=["lapsed", "dropped", "used"])
def test_a_window_that_is_over_is_not_offered_any_more(ending: Event) -> None:
    """Whoever has objected, or whose time to do so is over, is not told that they still can."""
    assert "bezwaar" not in page(standing(A_WINDOW, ending))


def test_a_window_opens_again_when_its_use_is_taken_back() -> None:
    """A right that turned out not to have been used is there again."""
    again = DeadlineReopened(clock="SUP-2", by_version=9)

    assert "bezwaar" in page(standing(A_WINDOW, OBJECTED, again))


def test_a_better_answer_opens_the_time_to_object_again() -> None:
    """The letter tells a new last day, so the page tells it too, unless the objection is already there."""
    assert "21 april 2026" in page(standing(A_WINDOW, LAPSED, A_MOVE))
    assert "bezwaar" not in page(standing(A_WINDOW, OBJECTED, A_MOVE))
    assert "bezwaar" not in page(standing(A_WINDOW, LAPSED, A_MOVE, LAPSED))


def test_a_promise_that_is_owed_again_comes_back_on_the_page() -> None:
    """What was let go, because its ground was gone, is shown again with its new day."""
    assert "Wat u van ons mag verwachten" not in page(standing(A_CLOCK, DROPPED))
    assert "20 april 2026" in page(standing(A_CLOCK, DROPPED, A_MOVE))


def test_a_promise_told_after_a_broken_one_is_shown_beside_it() -> None:
    """Neither hides the other: the day that passed is told as passed, the new one is still to come."""
    breached = DeadlineBreached(
        clock="SUP-2", binds="company", reading="both", due=STRICT, beyond_dispute=True
    )
    anew = changed(A_MOVE, since=AT, anew=True)

    both = page(standing(A_CLOCK, breached, anew))
    first, second = both.index("8 april 2026"), both.index("20 april 2026")

    assert first < both.index("nog niet gedaan") < second
    assert 1 == both.count("nog niet gedaan")


def test_a_promise_told_anew_goes_with_the_letter_that_told_it() -> None:
    """When that letter comes back, only the promise before it is left, as it stood."""
    breached = DeadlineBreached(
        clock="SUP-2", binds="company", reading="both", due=STRICT, beyond_dispute=True
    )
    back = changed(A_MOVE, strict=STRICT, lenient=STRICT)

    left = page(standing(A_CLOCK, breached, changed(A_MOVE, since=AT, anew=True), back))

    assert ("8 april 2026" in left, "20 april 2026" in left) == (True, False)
    assert 1 == left.count("nog niet gedaan")


def test_states_letters_and_windows_are_told_in_english_too() -> None:
    """A case in English reads the same things in English."""
    text = page(replace(standing(ON_PAPER, POSTED, RETURNED, A_WINDOW, CLOSED), language="en"))

    for said in (
        "Your report is closed.",
        "Response to the complaint, posted on 2 April 2026. This message came back to us.",
        "You can object up to and including",
    ):
        assert said in text


def test_every_word_is_there_in_both_languages() -> None:
    """No state of a case is without words in one of the languages."""
    assert WORDS["nl"].keys() == WORDS["en"].keys()
    assert set(get_args(State)) <= WORDS["nl"].keys()


def test_an_event_that_says_nothing_here_changes_nothing() -> None:
    """Events for other readers are passed by, whatever they hold."""
    erased = SubjectErased(persons=("complainant",), key_ids=(uuid4(),))

    assert standing() == standing(erased)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_is_plain_and_accessible(language: str) -> None:
    """It has a language and a title, no script, no picture, no form, nothing from elsewhere."""

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[str, dict[str, str | None]]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.seen.append((tag, dict(attrs)))

    tags = Tags()
    tags.feed(page(replace(standing(A_CLOCK, A_LETTER), language=language)))

    names = {tag for tag, _ in tags.seen}
    assert ("html", {"lang": language}) == tags.seen[0]
    assert {"title", "main", "h1"} <= names
    assert names.isdisjoint({"script", "img", "link", "iframe", "form", "object", "a"})
    assert not any(name.startswith("on") or name == "style" for _, attrs in tags.seen for name in attrs)


def test_what_stands_in_a_history_is_escaped() -> None:
    """Even text that should never get there cannot become markup."""
    text = page(replace(standing(), reference="<script>alert(1)</script>"))

    assert "<script>" not in text


def test_an_organisation_that_says_je_says_je() -> None:
    """The page speaks as the organisation's letters do."""
    familiar = [one for one in organisations().values() if one.tone == "je"]
    formal = [one for one in organisations().values() if one.tone == "u"]

    folded = standing(ON_PAPER, A_CLOCK, changed(A_WINDOW, clock="SUP-3"), CLOSED)

    assert all("<h1>Je melding</h1>" in status_page(folded, one) for one in familiar)
    assert all("<h1>Uw melding</h1>" in status_page(folded, one) for one in formal)
    assert all("Je kunt bezwaar maken" in status_page(folded, one) for one in familiar)
    assert not any(re.search(r"\b([Uu]|[Uu]w)\b", status_page(folded, one)) for one in familiar)


def test_a_link_is_the_same_every_time_and_leads_to_its_case_alone() -> None:
    """The same case has one link for ever; nothing about it needs to be stored."""
    token = LINKS.token("SUP-00000-00000-C")

    assert token == LINKS.token("SUP-00000-00000-C")
    assert f"https://klachten.example/status/{token}" == LINKS.url("SUP-00000-00000-C")


def test_only_our_own_tokens_are_read() -> None:
    """A changed, foreign, borrowed or invented token opens nothing."""
    from events.identity import new_reference

    reference = new_reference("SUP")
    token = LINKS.token(reference)
    header, payload, signature = token.split(".")
    other = LINKS.token(new_reference("SUP")).split(".")

    assert reference == LINKS.read(token)
    for wrong in (
        "",
        ".",
        "..",
        "...",
        "x",
        token + "x",
        token[:-1],
        token.upper(),
        f"{header}.{payload}.",
        f"{token}=",
        f"{header}.{other[1]}.{signature}",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        token + "A" * 500,
        "é" + token,
        StatusLinks(b"q" * 32, "").token(reference),
        f"{header}.{payload}\n.{signature}",
        "a.bnVsbA.c",
    ):
        assert LINKS.read(wrong) is None


@pytest.mark.postgres
async def test_the_link_in_the_answer_shows_the_case(desk: Desk) -> None:
    """Whoever filed can look at once, and looking changes nothing."""
    address = (await desk.file()).json()["status_url"]
    stored = await desk.stored()

    answer = await desk.client.get(address)
    head = await desk.client.head(address)

    assert (200, 200, b"") == (answer.status_code, head.status_code, head.content)
    assert "Supporto" in answer.text
    assert "Sanne" not in answer.text
    for name, value in SECURITY.items():
        assert value == answer.headers[name]
    assert stored == await desk.stored()


@pytest.mark.postgres
async def test_every_bad_link_gets_the_same_page(desk: Desk) -> None:
    """Nobody can learn from the answer whether a case exists."""
    address = (await desk.file()).json()["status_url"]
    token = desk_links(desk).token("SUP-00000-00000-C")

    answers = [
        await desk.client.get(bad)
        for bad in (
            f"{address}x",
            address[:-2],
            "/status/x",
            f"/status/{token}",
            "/status/%00",
            "/status/..x",
        )
    ]

    assert {404} == {answer.status_code for answer in answers}
    assert {not_found_page()} == {answer.text for answer in answers}


@pytest.mark.postgres
async def test_a_store_that_is_away_is_not_a_bad_link(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks while the store is away is told to come back, not that the case does not exist."""
    address = (await desk.file()).json()["status_url"]

    async def away(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(desk.platform.store, "find", away)

    answer = await desk.client.get(address)

    assert (503, "2") == (answer.status_code, answer.headers["retry-after"])


def desk_links(desk: Desk) -> StatusLinks:
    """Make links as the desk does, to sign one for a case that does not exist."""
    return StatusLinks(desk.platform.settings.secret("status.key"), "")
