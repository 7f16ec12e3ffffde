"""One rule for e-mail addresses: what is accepted can be written to, what cannot is refused at once."""

from collections.abc import Callable
from time import perf_counter

import pytest
from pydantic import TypeAdapter, ValidationError

from events.addresses import NotAnAddress, parse_address
from intake.complaint_form import Complainant
from procedures.organisations import Address
from workflow.commands.information import RecordInformation

PLAIN = (
    "eva@example.org", "e.v-a+klacht@sub.example.org", "o'neil@xn--bcher-kva.example", "a@b.co",
    "a@example.xn--p1ai", "Sanne+klacht@Klant.Example",
)  # fmt: skip
WRONG = (
    "eva", "eva@", "@example.org", "eva@example", "eva@@example.org", "eva@example.org,jan@example.org",
    "a@b.example, c@d.example", "Eva <eva@example.org>", "eva@example.org\r\nBcc: x@example.org",
    "eva@exam ple.org", "e va@example.org", ".eva@example.org", "eva.@example.org", "eva..x@example.org",
    "eva@-example.org", "eva@example-.org", "a@-x-.example", "a@b..example", "eva@[127.0.0.1]", "a@b.123",
    '"e v"@example.org', "eva@example.org>", "eva@bücher.example", "éva@example.org", "a\0@b.example",
    "=?UTF-8?Q?a=0ABcc:b?=@example.org\n\n.", "a@b.example SIZE=1", "alice@example.org)bob@example.com",
    "x" * 65 + "@example.org", "eva@" + "x" * 64 + ".org", "a@" + "b." * 130 + "example",
    "eva(comment)@example.org", "eva@example.1", "a@b.c",
)  # fmt: skip


def by_form(address: str) -> object:
    return Complainant(email=address)


def by_command(address: str) -> object:
    return RecordInformation(channel="phone", email=address)


def by_file(address: str) -> object:
    return TypeAdapter(Address).validate_python(address)


STATED = (by_form, by_command, by_file)


@pytest.mark.parametrize("address", PLAIN)
def test_a_plain_address_is_accepted_wherever_it_is_stated(address: str) -> None:
    """Ordinary addresses pass in the form, by command and in an organisation's file, and can be sent to."""
    for state in STATED:
        state(address)

    local, _, domain = address.partition("@")
    assert f"{local}@{domain.lower()}" == parse_address(address)


@pytest.mark.parametrize("address", WRONG)
def test_what_is_not_one_plain_address_is_refused_wherever_it_is_stated(address: str) -> None:
    """No list, no name, no comment, no quotes: whoever states it hears so, not the letter weeks later."""
    with pytest.raises(NotAnAddress) as refused:
        parse_address(address)

    assert "it is not one plain e-mail address such as name@example.org" == str(refused.value)
    for state in STATED:
        assert refuses(state, address), state.__name__


def refuses(state: Callable[[str], object], address: str) -> bool:
    """Tell whether an address is refused where it is stated."""
    try:
        state(address)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("address", ["a." * 127, "a@" + "a." * 126, "a@" + "a-" * 126, "!" * 254])
def test_a_hostile_address_is_refused_at_once(address: str) -> None:
    """No address makes the check slow."""
    began_s = perf_counter()
    with pytest.raises(NotAnAddress):
        parse_address(address)

    assert perf_counter() - began_s < 0.05
