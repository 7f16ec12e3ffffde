"""The header guard: whatever somebody typed, a mail has exactly the headers it should have."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default as policy
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.smtp.header import UnsafeHeader, check_headers, header_value, phrase, safe_header
from notifier.smtp.message import HEADERS, Mail, message_id_of, to_bytes

HOSTILE = (
    "=?UTF-8?Q?hi=0ABcc=3A_victim=40x.test?=",
    "=?utf-8?b?aGkKQmNjOiB2aWN0aW1AeC50ZXN0?=",
    "=?utf-8?b?PT9VVEYtOD9RP2hpPTBBQmNjPTNBX3ZpY3RpbT00MHgudGVzdD89?=",
    "=?utf-8*nl?q?hi=0D=0ABcc:x?=",
    "=?=?utf-8?q?=0A?=?q?Bcc:x?=",
    "=?no-such-charset?q?hi=0ABcc:_x?=",
    "hi\r\nBcc: victim@x.test",
    "hi\nBcc: victim@x.test",
    "hi\rBcc: victim@x.test",
    "hi\0there",
    "hi\u2028Bcc: victim@x.test",
    "hi\x85Bcc: victim@x.test",
    "hi\x0b\x0cBcc: victim@x.test",
    "\u202ereversed",
    "\ud800 lone surrogate",
    "x" * 5_000,
    "é" * 5_000,
    "=?utf-8?q?" + "=41" * 3_000 + "?=",
)

LETTER = Mail(
    letter_id=UUID(int=1),
    message_id="<abc@destiny.example>",
    sender_name="Destiny Klachten",
    sender="klachten@destiny.example",
    to="sanne.dewit@klant.example",
    subject="Wij hebben uw klacht ontvangen",
    text="Beste Sanne,\n\nDank u wel.\n",
    html="<p>Beste Sanne,</p>\n",
    language="nl",
    sent_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
)


def with_texts(subject: str = "x", name: str = "x", text: str = "x") -> bytes:
    """Write the canonical mail with other texts."""
    return to_bytes(
        Mail(
            letter_id=LETTER.letter_id, message_id=LETTER.message_id, sender_name=name, sender=LETTER.sender,
            to=LETTER.to, subject=subject, text=text, html=text, language="nl", sent_at=LETTER.sent_at,
        )
    )  # fmt: skip


def assert_exactly_our_headers(message: bytes) -> None:
    """Read the bytes with an independent parser: our headers, each once, and one recipient."""
    parsed = message_from_bytes(message)
    assert list(HEADERS) == parsed.keys()
    assert LETTER.to == parsed["To"]
    assert not parsed.defects
    assert b"\r" not in message.replace(b"\r\n", b"")
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert max(map(len, message.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_header(text: str) -> None:
    """The known ways to smuggle a header, in the subject and in the sender's name, all fail."""
    assert_exactly_our_headers(with_texts(subject=text, name=text, text=text))


@given(st.text(max_size=300))
@settings(max_examples=3_000, deadline=None)
def test_no_subject_makes_a_header(subject: str) -> None:
    """Ten thousand invented subjects: the mail always has exactly the expected headers."""
    assert_exactly_our_headers(with_texts(subject=subject))


@given(
    st.lists(st.sampled_from([*'=?QqBb_abu0A8-\r\n\0 :"<>@,;\\é', "=?utf-8?q?", "=0A", "?="]), max_size=60)
)
@settings(max_examples=2_000, deadline=None)
def test_no_mixture_of_dangerous_signs_makes_a_header(signs: list[str]) -> None:
    """The signs that mean something in headers, in any mixture, stay text."""
    text = "".join(signs)

    assert_exactly_our_headers(with_texts(subject=text, name=text))
    assert "=?" not in safe_header(text)


@given(st.text(max_size=500))
@settings(max_examples=500, deadline=None)
def test_the_text_of_a_letter_arrives_as_it_was_written(text: str) -> None:
    """Whatever the text holds, the reader gets the same lines, and no line could end the mail early."""
    message = with_texts(text=text)
    lines = message_from_bytes(message, policy=policy).get_body(("plain",)).get_content()  # type: ignore[union-attr]

    expected = text.replace("\0", "").encode("utf-8", "replace").decode().splitlines()
    assert expected == (lines.split("\n") if "\r" not in lines else lines.split("\r\n"))[: len(expected)]
    assert_exactly_our_headers(message)


def test_a_subject_in_words_beyond_ascii_arrives_whole() -> None:
    """Accents and other scripts survive the journey through a header."""
    parsed = message_from_bytes(with_texts(subject="Één klacht over café Ütrecht – 苦情"), policy=policy)

    assert parsed["Subject"] == "Één klacht over café Ütrecht – 苦情"


def test_a_display_name_cannot_hold_an_address() -> None:
    """A name with brackets and commas in it stays a name."""
    assert phrase('x" <evil@x.test>, "y') == b"\"x' <evil@x.test>, 'y\""
    assert header_value("plain") == b"plain"


def test_a_message_with_another_header_does_not_leave() -> None:
    """If ever a header came in by another way, the finished bytes would tell."""
    message = to_bytes(LETTER)

    with pytest.raises(UnsafeHeader):
        check_headers(message.replace(b"MIME-Version", b"Bcc: x@y.example\r\nMIME-Version"), HEADERS)
    with pytest.raises(UnsafeHeader):
        check_headers(message.replace(b"Beste", b"Beste\n.\n", 1), HEADERS)


def test_a_message_id_is_the_same_for_every_attempt_and_tells_nothing() -> None:
    """Mail programs see that two copies are one letter; nobody can compute the name without the key."""
    first = message_id_of(b"k" * 32, LETTER.letter_id, LETTER.sender)

    assert first == message_id_of(b"k" * 32, LETTER.letter_id, LETTER.sender)
    assert first != message_id_of(b"j" * 32, LETTER.letter_id, LETTER.sender)
    assert first != message_id_of(b"k" * 32, UUID(int=2), LETTER.sender)
    assert first.endswith("@destiny.example>")


def test_our_mail_tells_robots_not_to_answer() -> None:
    """Automatic letters say that they are, so that two machines never write to each other."""
    parsed = message_from_bytes(to_bytes(LETTER), policy=policy)

    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["X-Auto-Response-Suppress"] == "All"
