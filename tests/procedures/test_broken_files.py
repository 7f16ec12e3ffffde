# ruff: noqa: E501 - a table of cases reads best with one case a line
"""A broken or malicious procedure file never starts a service: it is refused with file, line and rule."""

import random
from pathlib import Path

import pytest

from procedures import library
from procedures.organisations import organisations
from procedures.toml_files import MOST_BYTES, BrokenProcedure

GOOD = (Path(library.__file__).parent / "files" / "ingressus.toml").read_text()
ONLY_INGRESSUS = {"ingressus": organisations()["ingressus"]}


def problems_of(folder: Path, content: str | bytes, name: str = "ingressus.toml") -> tuple[str, ...]:
    content = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(content)
    with pytest.raises(BrokenProcedure) as broken:
        library.load(folder, ONLY_INGRESSUS)
    return broken.value.problems


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_good_file_loads(tmp_path: Path) -> None:
    """What the following tests spoil is whole to begin with."""
    (tmp_path / "ingressus.toml").write_text(GOOD)

    assert 1 == len(library.load(tmp_path, ONLY_INGRESSUS).versions)


CHANGES = [
    # a word or unit that is not in the vocabulary
    ('within = "5 working days"', 'within = "5 werkdagen"', "clock.1.within: unknown unit 'werkdagen'"),
    ('within = "5 working days"', 'within = "5 workingdays"', "did you mean 'working days'?; allowed: working days, days, weeks"),
    ('within = "5 working days"', 'within = "five working days"', "is not an amount: write a number and a unit"),
    ('within = "5 working days"', "within = 5", "clock.1.within: 5 is not an amount"),
    ('within = "5 working days"', 'within = "0 days"', "0 is no believable amount"),
    ('within = "5 working days"', 'within = "99999 days"', "99999 is no believable amount"),
    ('within = "5 working days"', 'wihtin = "5 working days"', "clock.1.wihtin: unknown word 'wihtin', did you mean 'within'?"),
    ('from = "complaint received"', 'from = "complaint recieved"', "clock.1.from: unknown fact 'complaint recieved', did you mean 'complaint received'?"),
    ('until = ["acknowledgement arrived"]', 'until = ["acknowledgment arrived"]', "did you mean 'acknowledgement arrived'?"),
    ('until = ["acknowledgement arrived"]', "until = []", "clock.1.until: Tuple should have at least 1 item"),
    ('calendars = ["nl-atw", "nl-kantoor"]', 'calendars = ["nl-atw", "nl-kantor"]', "did you mean 'nl-kantoor'?"),
    ('calendars = ["nl-atw", "nl-kantoor"]', "calendars = []", "clock.1.calendars: Tuple should have at least 1 item"),
    ('calendars = ["nl-atw", "nl-kantoor"]', 'calendars = ["nl-atw", "nl-atw"]', "clock.1.calendars: a calendar is named twice"),
    ('kind = "duty"', 'kind = "promise"', "clock.1.kind: unknown kind of clock 'promise'"),
    ('binds = "company"', 'binds = "organisation"', "clock.1.binds: unknown party 'organisation'"),
    ('name = "portal"', 'name = "portaal"', "channel.1.name: unknown channel 'portaal', did you mean 'portal'?"),
    ("reachability = {", "reachable = {", "asks.reachable: unknown field 'reachable', did you mean 'reachability'?"),
    ("{ source = [13] }", "[13]", "asks.name: must be a table"),
    ("[classification]", "[clasification]", "clasification: unknown word 'clasification', did you mean 'classification'?"),
    ('default = "complaint"', 'default = "complain"', "classification.default: unknown classification 'complain', did you mean 'complaint'?"),
    ('contains = ["procedure", "handler", "period"]', 'contains = ["procedure", "handlers", "period"]', "unknown content of a letter 'handlers', did you mean 'handler'?"),
    ('owed = "at opening"', 'owed = "at once"', "letter.1.owed: unknown moment 'at once'"),
    ('tone = "u"', 'tone = "jij"', "tone: unknown tone 'jij'"),
    ('language = "nl"', 'language = "fr"', "language: unknown language 'fr'"),
    ('zone = "Europe/Amsterdam"', 'zone = "Europe/Rotterdam"', "zone: 'Europe/Rotterdam' is no time zone"),
    ("version = 1", 'version = "1"', "version: Input should be a valid integer"),
    ("version = 1", "version = true", "version: Input should be a valid integer"),
    ("in_force_from = 2025-01-01", 'in_force_from = "2025-01-01"', "in_force_from: Input should be a valid date"),
    ("in_force_from = 2025-01-01", "in_force_from = 2025-02-30", "is not TOML"),
    ('id = "ING-1"', 'id = "ING 1"', "clock.1.id: String should match pattern"),
    ('because = "Ingressus', 'because = "Ingressus\\n', "classification.because: String should match pattern"),
    # words that are good alone and wrong together
    ('id = "ING-2"', 'id = "ING-1"', "clock.2: clock 'ING-1' stands in the file twice"),
    ("source = [5, 10]", "source = [5, 100]", "channel.1.source: sentence 100 is not there: the text has 37 sentences"),
    ("source = [5, 10]", "source = [0]", "channel.1.source.1: Input should be greater than or equal to 1"),
    ("source = [5, 10]", "", "channel.1: say where the rule comes from"),
    ("source = [5, 10]", 'source = [5]\naddition = "ours"', "channel.1: say where the rule comes from"),
    ('period_of = "ING-4"', 'period_of = "ING-9"', "letter.1.period_of: clock 'ING-9' is not in this file"),
    ('period_of = "ING-4"', "", "a letter that contains the period names its clock"),
    ('warn_before = "1 working day"', 'warn_before = "1 day"', "clock.1.warn_before: a warning has its lead in working days"),
    ('warn_before = "1 working day"', 'warn_before = "5 working days"', "clock.1.warn_before: a warning 5 working days before a term of 5 working days comes too early"),
    ('warn_before = "1 working day"', "", "clock.1: a clock that binds the company says `warn_before`"),
    ('until = ["acknowledgement arrived"]', 'until = ["complaint received"]', "cannot both start and meet the clock"),
    ('until = ["acknowledgement arrived"]', 'until = ["handling notice arrived"]', "no letter of this file gives the fact 'handling notice arrived'"),
    # the file among the others
    ('organisation = "ingressus"', 'organisation = "ingresus"', "organisation: unknown organisation 'ingresus'"),
    ('id = "ingressus"', 'id = "ingressus2"', "id: 'ingressus2' version 1 stands in the file 'ingressus'"),
    ('tone = "u"', 'tone = "je"', "tone: says 'je', its organisation says 'u'"),
]  # fmt: skip


@pytest.mark.parametrize(("was", "becomes", "told"), CHANGES)
def test_a_wrong_word_is_refused_with_line_and_what_was_meant(
    tmp_path: Path, was: str, becomes: str, told: str
) -> None:
    """One word of a good file is spoiled; the refusal names the file, the line of that word, and the rule."""
    assert was in GOOD
    changed = GOOD.replace(was, becomes, 1)

    (problem,) = problems_of(tmp_path, changed)

    assert told in problem
    assert problem.startswith("ingressus.toml:")
    line = int(problem.split(":")[1])
    near = range(line_of(GOOD, was) - 8, line_of(GOOD, was) + 3)
    assert line in near


def test_the_line_is_that_of_the_word(tmp_path: Path) -> None:
    """Not only near: the number is the line an editor opens."""
    changed = GOOD.replace('within = "20 working days"', 'within = "20 workdays"', 1)

    (problem,) = problems_of(tmp_path, changed)

    assert f"ingressus.toml:{line_of(changed, '20 workdays')}: clock.2.within: unknown unit" in problem


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Nobody has to start a service three times to find three mistakes."""
    changed = GOOD.replace('kind = "duty"', 'kind = "dutty"').replace('tone = "u"', 'tone = "x"')

    found = problems_of(tmp_path, changed)

    assert 1 + GOOD.count('kind = "duty"') == len(found)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "ingressus.toml: id: Field required"),
        (b"id = ", "ingressus.toml:1: is not TOML"),
        (b'id = "a"\nid = "b"\n', "is not TOML: Cannot overwrite a value"),
        (b"# caf\xe9\n", "ingressus.toml:1: is not UTF-8 text"),
        (b'id = "ingressus\x00"', "ingressus.toml:1: is not TOML"),
        (b"#" * (MOST_BYTES + 1), "larger than 262144 bytes"),
        (b"x = " + b"[" * 50_000, "ingressus.toml"),
        (b"version = 1" + b"0" * 5_000, "holds a value that cannot be read"),
        (b"id = '''\n[" + b" " * 200_000 + b"x\n'''", "ingressus.toml"),
        (b"\x7fELF\x02\x01\x01\x00", "ingressus.toml"),
    ],
)
def test_what_is_no_procedure_at_all_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    """Empty, cut off, in another encoding, far too large, nested without end, a program."""
    assert told in problems_of(tmp_path, content)[0]


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    """A folder in the place of a file is told as such."""
    (tmp_path / "ingressus.toml").mkdir()

    with pytest.raises(BrokenProcedure, match=r"ingressus\.toml: cannot be read: Is a directory"):
        library.load(tmp_path, ONLY_INGRESSUS)


def test_an_organisation_without_a_procedure_is_refused(tmp_path: Path) -> None:
    """A complaint to it could fall under nothing."""
    with pytest.raises(BrokenProcedure, match="organisation 'ingressus' has no procedure file"):
        library.load(tmp_path, ONLY_INGRESSUS)


def second_version(version: int, in_force_from: str) -> str:
    return GOOD.replace("version = 1", f"version = {version}", 1).replace(
        "in_force_from = 2025-01-01", f"in_force_from = {in_force_from}"
    )


def test_a_new_version_applies_from_its_day_on(tmp_path: Path) -> None:
    """Both versions stay on the shelf; the day of receipt decides."""
    (tmp_path / "ingressus.toml").write_text(GOOD)
    (tmp_path / "ingressus-2.toml").write_text(second_version(2, "2027-01-01"))

    shelf = library.load(tmp_path, ONLY_INGRESSUS)

    assert [1, 2] == [version.version for version in shelf.by_organisation["ingressus"]]
    assert {("ingressus", 1), ("ingressus", 2)} == set(shelf.versions)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (second_version(2, "2025-01-01"), "version 2 must come into force after version 1"),
        (second_version(2, "2024-01-01"), "version 1 must come into force after version 2"),
        (second_version(1, "2027-01-01"), "'ingressus' version 1 stands in the file 'ingressus-2'"),
    ],
)
def test_versions_that_contradict_each_other_are_refused(tmp_path: Path, content: str, told: str) -> None:
    """One day has one version in force, and a later version comes later."""
    (tmp_path / "ingressus.toml").write_text(GOOD)

    assert any(told in problem for problem in problems_of(tmp_path, content, "ingressus-2.toml"))


def test_a_file_spoiled_at_random_is_loaded_or_refused_and_nothing_else(tmp_path: Path) -> None:
    """Four hundred files with bytes struck out, doubled or changed: a procedure or a refusal, never a crash."""
    chance = random.Random(20261121)
    refused = 0
    unnamed: list[str] = []
    for _ in range(400):
        content = bytearray(GOOD.encode())
        for _ in range(chance.randrange(1, 4)):
            at, length = chance.randrange(len(content)), chance.choice((1, 1, 1, 5, 40))
            content[at : at + length] = chance.choice(
                (b"", content[at : at + length] * 2, bytes(chance.randrange(256) for _ in range(length)))
            )
        (tmp_path / "ingressus.toml").write_bytes(content)
        try:
            library.load(tmp_path, ONLY_INGRESSUS)
        except BrokenProcedure as broken:
            refused += 1
            unnamed.extend(each for each in broken.problems if not each.startswith("ingressus.toml"))

    assert [] == unnamed
    assert refused > 200


STARTS_NOWHERE = [
    ('tone = "u"', 'tone = "je"', "draft.toml:10: tone: says 'je', its organisation says 'u'"),
    ('organisation = "ingressus"', 'organisation = "ingresus"', "unknown organisation 'ingresus'"),
    ('id = "ING-2"', 'id = "ING-1"', "clock 'ING-1' stands in the file twice"),
    ("version = 1", "version = 2", "ingressus version 2 must come into force after version 1"),
]


@pytest.mark.parametrize(("was", "becomes", "told"), STARTS_NOWHERE)
def test_a_draft_is_refused_for_what_a_start_would_refuse(
    tmp_path: Path, was: str, becomes: str, told: str
) -> None:
    """Whoever checks a file before it lies among the others learns the same as by starting with it."""
    path = tmp_path / "draft.toml"
    path.write_text(GOOD.replace(was, becomes, 1))

    with pytest.raises(BrokenProcedure) as broken:
        library.read_alone(path)

    assert told in str(broken.value)


def test_a_draft_may_have_any_name(tmp_path: Path) -> None:
    """Its name counts when it lies among the others."""
    (tmp_path / "draft.toml").write_text(GOOD)

    assert "ingressus" == library.read_alone(tmp_path / "draft.toml").id
