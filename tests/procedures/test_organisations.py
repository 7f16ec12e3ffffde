# ruff: noqa: E501 - a table of cases reads best with one case a line
"""The people and addresses of the organisations: invented, complete, and safe to put into a letter."""

import re
from pathlib import Path

import pytest

from procedures import organisations as people
from procedures.organisations import Organisation, organisations
from procedures.toml_files import BrokenProcedure

EVERY = list(organisations().values())


@pytest.mark.parametrize("organisation", EVERY, ids=lambda o: o.id)
def test_every_address_is_at_an_example_domain(organisation: Organisation) -> None:
    """No letter of a demonstration ever reaches somebody."""
    addresses = [organisation.address_line, *(member.email for member in organisation.staff.values())]

    assert all(address.endswith(f"@{organisation.id}.example") for address in addresses)
    assert organisation.sender.endswith(f"<{organisation.address_line}>")


@pytest.mark.parametrize("organisation", EVERY, ids=lambda o: o.id)
def test_every_phone_number_is_fictional(organisation: Organisation) -> None:
    """Numbers come from a range that nobody has, and no two people share one."""
    phones = [member.phone for member in organisation.staff.values()]

    assert all(re.fullmatch(r"\+31 85 000 \d\d \d\d", phone) for phone in phones)
    assert len(phones) == len(set(phones))


@pytest.mark.parametrize("organisation", EVERY, ids=lambda o: o.id)
def test_the_rota_names_people_who_can_be_reached(organisation: Organisation) -> None:
    """Whoever gets a case can be named in its acknowledgement, in both languages."""
    for person in organisation.rota:
        member = organisation.staff[person]
        assert member.name
        assert member.reachable_in("nl") != member.reachable_in("en")
        assert member.function_in("nl")
        assert member.function_in("en")


@pytest.mark.parametrize("organisation", EVERY, ids=lambda o: o.id)
def test_staff_identifiers_do_not_tell_who_it_is(organisation: Organisation) -> None:
    """Identifiers stand in events, in clear; names do not."""
    for identifier, member in organisation.staff.items():
        assert re.fullmatch(rf"{organisation.code.lower()}-\d\d", identifier)
        assert not any(part.lower() in identifier for part in member.name.split())


GOOD = (Path(people.__file__).parent / "organisation_files" / "destiny.toml").read_text()


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('tone = "u"', 'tone = "U"', "destiny.toml:8: tone: unknown tone 'U', did you mean 'u'?"),
        ('rota = ["des-01", ', 'rota = ["des-10", ', "destiny.toml:14: rota: 'des-10' is not among the staff"),
        ('signature = "', 'signature = "\\r\\nBcc: all@destiny.example ', "destiny.toml:13: signature: String should match"),
        ('email = "n.verhagen@destiny.example"', 'email = "n.verhagen@destiny.example, x@y.example"', "destiny.toml:20: staff.des-01.email: must be one plain e-mail"),
        ('zone = "Europe/Amsterdam"', 'zone = "Amsterdam"', "destiny.toml:7: zone: 'Amsterdam' is no time zone"),
        ("<klachten@destiny.example>", "<info@destiny.example>", "destiny.toml:12: sender: the sender must end in"),
        ('default_language = "nl"', 'default_language = "de"', "destiny.toml:10: default_language: unknown language 'de'"),
        ('code = "DES"', 'code = "DES1"', "destiny.toml:3: code: String should match"),
    ],
)  # fmt: skip
def test_a_broken_organisation_file_is_refused_with_line_and_reason(
    tmp_path: Path, was: str, becomes: str, told: str
) -> None:
    """A wrong word, a forgotten person or a smuggled header stops the start, not a letter."""
    assert was in GOOD
    (tmp_path / "destiny.toml").write_text(GOOD.replace(was, becomes, 1))

    with pytest.raises(BrokenProcedure) as broken:
        people.load(tmp_path)

    assert broken.value.problems[0].startswith(told)


def test_two_organisations_cannot_share_a_code(tmp_path: Path) -> None:
    """A reference leads to one organisation."""
    (tmp_path / "destiny.toml").write_text(GOOD)
    (tmp_path / "other.toml").write_text(GOOD.replace('id = "destiny"', 'id = "other"'))

    with pytest.raises(BrokenProcedure, match=r"other\.toml:3: code: the code 'DES' is used"):
        people.load(tmp_path)


def test_a_folder_without_organisations_is_refused(tmp_path: Path) -> None:
    """An empty folder is a broken installation, not a world without organisations."""
    with pytest.raises(BrokenProcedure, match="holds no organisation file"):
        people.load(tmp_path)
