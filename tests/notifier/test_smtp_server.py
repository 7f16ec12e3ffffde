"""The address of the mail server: read once, wrong ones refused with the variable's name and a remedy."""

import pytest

from events.errors import Misconfigured
from notifier.smtp.server_url import FINAL_WAIT_S, read_smtp_url


@pytest.mark.parametrize(
    ("url", "port", "encryption"),
    [
        ("smtp://mail.example.org", 25, "opportunistic"),
        ("smtp://u:p@mail.example.org", 587, "always"),
        ("smtp://mail.example.org:2525?starttls=never", 2525, "never"),
        ("smtp://mail.example.org?starttls=always", 25, "always"),
        ("smtps://u:p@mail.example.org", 465, "implicit"),
    ],
)
def test_encryption_and_port_follow_from_the_address(url: str, port: int, encryption: str) -> None:
    """A password is never sent in clear unless somebody says so in so many words."""
    server = read_smtp_url(url)

    assert (port, encryption) == (server.port, server.encryption)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (None, "is not set"),
        ("http://mail.example.org", "must look like"),
        ("smtp://mail.example.org?starttls=perhaps", "always, opportunistic or never"),
        ("smtps://mail.example.org?starttls=always", "leave it out"),
        ("smtp://mail.example.org?strattls=always", "unknown option"),
        ("smtp://mail.example.org:99999", "not a number"),
        ("smtp://mail.example.org?final_wait_s=soon", "not a number"),
        ("smtp://mail.example.org?final_wait_s=0", "not above 0"),
        ("smtp://mail.example.org?bounces=nobody", "bounces"),
        ("smtp://mail.example.org?helo=a%0d%0ab", "helo"),
        ("smtp://mail.example.org?starttls=always&authority=/nowhere.pem", "authority"),
    ],
)
def test_a_wrong_address_is_refused_by_name(url: str | None, told: str) -> None:
    """Whoever sets it wrongly reads which variable, which part, and what to write."""
    with pytest.raises(Misconfigured, match=f"GEHOOR_SMTP_URL.*{told}"):
        read_smtp_url(url)


def test_a_password_shows_in_no_text() -> None:
    """The password is understood, and no representation of the server shows it."""
    server = read_smtp_url("smtp://user:s%40cret@mail.example.org")

    assert server.password == "s@cret"
    assert "s@cret" not in repr(server)


def test_the_answer_to_a_whole_mail_is_awaited_ten_minutes() -> None:
    """Hanging up earlier makes duplicates; the standard asks for ten minutes, and it can be set."""
    assert FINAL_WAIT_S == read_smtp_url("smtp://mail.example.org").final_wait_s == 600
    assert read_smtp_url("smtp://mail.example.org?final_wait_s=30").final_wait_s == 30


def test_a_bounce_address_becomes_the_sender_of_the_envelope() -> None:
    """Without one the envelope's sender is empty, so that no robot answers."""
    assert read_smtp_url("smtp://mail.example.org").bounces == ""
    assert read_smtp_url("smtp://m.example?bounces=bounces@klant.example").bounces == "bounces@klant.example"
