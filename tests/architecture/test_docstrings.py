"""Whoever calls a function reads in its docstring what it may raise."""

import pytest

from architecture.failing import fail_on
from architecture.raising import RULE, silent_raises
from architecture.tree import planted, real_tree

ERRORS = """
class Refused(ValueError):
    pass

def refusal(why: str) -> Refused:
    return Refused(why)
"""


def test_every_public_function_names_what_it_raises() -> None:
    """At night nobody has to read a function's body to know how it can fail."""
    fail_on(silent_raises(real_tree()))


@pytest.mark.parametrize(
    ("text", "raised", "named"),
    [
        ("Parse a word.", "Refused('no')", "Refused"),
        ("Parse a word, or raise Refused.", "Refused", "Refused"),
        ("Parse a word.", "refusal('no')", "Refused"),
        ("Parse a word.", "KeyError(word)", "KeyError"),
        ("Parse a word. Raises `Exception` when it is none.", "Refused('no')", "Refused"),
    ],
)
def test_a_docstring_that_hides_an_exception_is_found(text: str, raised: str, named: str) -> None:
    """Also when the exception is made by a helper, and when it is named without the marks of a name."""
    breach = f'def parse(word: str) -> str:\n    """{text}"""\n    raise {raised}\n'

    (finding,) = silent_raises(planted({"libs/events/errors.py": ERRORS, "libs/web/words.py": breach}))

    assert ("libs/web/words.py", 3, RULE) == (finding.path, finding.line, finding.rule)
    assert f"parse raises {named}; say when, in its docstring" == finding.reason


def test_a_method_without_a_docstring_is_found() -> None:
    """A method is called like a function."""
    breach = "class Words:\n    def parse(self) -> str:\n        raise ValueError\n"

    (finding,) = silent_raises(planted({"services/intake/words.py": breach}))

    assert 3 == finding.line


@pytest.mark.parametrize(
    "text",
    [
        '    """Raises `Refused` when the word is none."""\n    raise Refused(word)\n',
        '    """Raises `ValueError` when the word is none."""\n    raise Refused(word)\n',
        '    """Raises `LookupError` when the word is none."""\n    raise KeyError(word)\n',
        '    """Parse."""\n    raise NotImplementedError\n',
        '    """Parse."""\n    try:\n        return word\n    except Refused:\n        raise\n',
        '    """Parse."""\n    def inner() -> None:\n        raise Refused(word)\n',
    ],
)
def test_an_exception_that_is_named_or_is_not_its_own_is_no_finding(text: str) -> None:
    """By its own name or by what it is a kind of; what an inner function raises is the inner one's."""
    tree = planted(
        {"libs/events/errors.py": ERRORS, "libs/web/words.py": f"def parse(word: str) -> str:\n{text}"}
    )

    assert [] == list(silent_raises(tree))


def test_private_functions_may_raise_in_silence() -> None:
    """They are read together with the public one that calls them."""
    tree = planted({"libs/web/words.py": "def _parse(word: str) -> str:\n    raise ValueError(word)\n"})

    assert [] == list(silent_raises(tree))
