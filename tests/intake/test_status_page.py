"""The page behind the signed link: where a case stands, and nothing personal."""

from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from events.catalogue import (
    ClockRule,
    DeadlineBreached,
    DeadlineMet,
    DeadlineSet,
    Event,
    LetterSent,
    Moment,
    SubjectErased,
)
from events.envelope import NewEvent
from events.testing import history_of, received
from intake.links import StatusLinks
from intake.page import SECURITY, not_found_page, status_page
from intake.standing import Standing, standing_of
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


def standing(*events: Event) -> Standing:
    """Fold a history that begins with the canonical complaint."""
    history = history_of(*(NewEvent(event, AT) for event in (received(), *events)))
    folded = standing_of(history)
    assert folded is not None
    return folded


def page(folded: Standing) -> str:
    """Write the page of a case at Supporto+."""
    return status_page(folded, organisations()["supportoplus"])


def test_a_new_complaint_is_said_to_be_received() -> None:
    """Reference, organisation and day of receipt stand on the page from the first moment."""
    text = page(standing())

    assert "SUP-00000-00000-0" in text
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
    from msgspec.structs import replace as changed

    window = changed(A_CLOCK, kind="window", binds="customer")

    assert {} == standing(window).promises


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

    assert all("<h1>Je melding</h1>" in status_page(standing(), one) for one in familiar)
    assert all("<h1>Uw melding</h1>" in status_page(standing(), one) for one in formal)


def test_a_link_is_the_same_every_time_and_leads_to_its_case_alone() -> None:
    """The same case has one link for ever; nothing about it needs to be stored."""
    token = LINKS.token("SUP-00000-00000-0")

    assert token == LINKS.token("SUP-00000-00000-0")
    assert f"https://klachten.example/status/{token}" == LINKS.url("SUP-00000-00000-0")


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
    token = desk_links(desk).token("SUP-00000-00000-0")

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
