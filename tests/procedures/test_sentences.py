"""The numbering of an organisation's sentences, which rules in a procedure file point at."""

import tomllib
from pathlib import Path

import pytest

from procedures import library
from procedures.schema.sentences import digest_of_sentence, digest_of_text, sentences

FILES = Path(library.__file__).parent / "files"
TEXTS = Path(__file__).parents[2].parent / "shared" / "seeds"
PREFIXES = {"destiny": "000_", "bc": "001_", "supportoplus": "002_", "preact": "003_", "ingressus": "004_"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ("One.", "Two!", "Three?", "Four")),
        ("A heading\nA sentence.", ("A heading", "A sentence.")),
        ("A line that was\nwrapped by hand.", ("A line that was wrapped by hand.",)),
        ("A line.\n\nafter a gap", ("A line.", "after a gap")),
        ("1. First\n2. Second", ("First", "Second")),
        ("- First\n• Second\n-  Third", ("First", "Second", "Third")),
        ("Cell one |\nCell two |", ("Cell one", "Cell two")),
        ("Acme B.V. aims high. It does.", ("Acme B.V. aims high.", "It does.")),
        ("To Acme. T.a.v. De Manager.", ("To Acme.", "T.a.v. De Manager.")),
        ("Within 5.5 days, e.g. soon.", ("Within 5.5 days, e.g. soon.",)),
        ("", ()),
        (" \n\n |\n", ()),
    ],
)
def test_sentences_headings_items_and_cells_are_counted_in_order(
    text: str, expected: tuple[str, ...]
) -> None:
    """One rule for all texts, so that two people get the same numbers."""
    assert expected == sentences(text)


def test_white_space_does_not_change_a_digest() -> None:
    """A text that was only laid out anew is the same text."""
    assert digest_of_text("One  thing.\nAnother.") == digest_of_text("One thing.\r\n\r\nAnother.  ")
    assert digest_of_text("One thing.") != digest_of_text("One other thing.")


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the organisations' texts are not part of the repository")
@pytest.mark.parametrize("name", PREFIXES)
def test_the_digests_in_the_file_are_those_of_the_organisations_text(name: str) -> None:
    """The numbers in the file point at the sentences of the text that was read, and it has not changed."""
    (path,) = TEXTS.glob(f"{PREFIXES[name]}*.txt")
    text = path.read_text()
    held = tomllib.loads((FILES / f"{name}.toml").read_text())["text"]

    assert digest_of_text(text) == held["digest"]
    assert [digest_of_sentence(sentence) for sentence in sentences(text)] == held["sentences"]


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the organisations' texts are not part of the repository")
@pytest.mark.parametrize("name", PREFIXES)
def test_no_sentence_of_the_organisations_is_copied(name: str) -> None:
    """Their sentences are theirs: we hold numbers and digests."""
    (path,) = TEXTS.glob(f"{PREFIXES[name]}*.txt")
    ours = " ".join(
        " ".join(file.read_text().split())
        for file in FILES.parent.rglob("*")
        if file.suffix in {".toml", ".py", ".md"}
    )

    assert [] == [each for each in sentences(path.read_text()) if len(each.split()) > 4 and each in ours]
