"""A document leads where it says, and a part's README names its files."""

import pytest

from architecture.documents import (
    LINK_RULE,
    NAMED_RULE,
    README_RULE,
    TABLE_RULE,
    broken_links,
    missing_from_readme,
    named_but_missing,
)
from architecture.failing import fail_on
from architecture.tree import planted, real_tree


def test_every_link_leads_to_a_file() -> None:
    """Nobody who follows a document comes to nothing."""
    fail_on(broken_links(real_tree()))


def test_every_file_that_a_table_names_exists() -> None:
    """A table of files is a map, and a map shows no streets that are gone."""
    fail_on(named_but_missing(real_tree()))


def test_every_source_file_is_named_in_the_readme_of_its_part() -> None:
    """A new file gets its line, and every part says what it is for."""
    fail_on(missing_from_readme(real_tree()))


@pytest.mark.parametrize(
    ("link", "breaks"),
    [
        ("libs/gone/", True),
        ("gone.md#an-event", True),
        ("libs/web/", False),
        ("libs/web/README.md#why", False),
        ("deploy/compose.yaml", False),
        ("#limits", False),
        ("https://example.org/gone.md", False),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str, breaks: bool) -> None:
    """To a file, to a folder, to a heading of a file; what lies outside the repository is not followed."""
    text = f"First.\n\nSee [there]({link}).\n"
    tree = planted({"README.md": text, "libs/web/README.md": "", "deploy/compose.yaml": ""})

    findings = [(one.path, one.line, one.rule) for one in broken_links(tree)]

    assert ([("README.md", 3, LINK_RULE)] if breaks else []) == findings


def test_a_link_is_followed_from_its_own_folder() -> None:
    """Up and down."""
    tree = planted(
        {"libs/web/README.md": "[a](../events/README.md) [b](../gone.md)", "libs/events/README.md": ""}
    )

    assert ["../gone.md is no file of this repository"] == [one.reason for one in broken_links(tree)]


def test_a_file_of_a_table_that_is_gone_is_found() -> None:
    """Beside the README or written from the root; tests and plain sentences are left to others."""
    readme = (
        "| `text.py`, `gone.py` | x |\n| `libs/web/text.py` | `test_gone.py` |\n\nOnce there was `old.py`.\n"
    )

    (finding,) = named_but_missing(planted({"libs/web/README.md": readme, "libs/web/text.py": "A = 1\n"}))

    assert ("libs/web/README.md", 1, TABLE_RULE) == (finding.path, finding.line, finding.rule)
    assert finding.reason.startswith("`gone.py` ")


def test_a_file_without_its_line_is_found() -> None:
    """By its own name or by that of its folder; what only names a folder or starts a process needs none."""
    tree = planted(
        {
            "libs/web/README.md": "| `text.py` | x |\n| `checks/` | y |\n",
            "libs/web/__init__.py": "",
            "libs/web/text.py": "",
            "libs/web/checks/one.py": "",
            "libs/web/rooms/new.py": "",
        }
    )

    (finding,) = missing_from_readme(tree)

    assert ("libs/web/README.md", NAMED_RULE, "it does not name `rooms/new.py`") == (
        finding.path,
        finding.rule,
        finding.reason,
    )


def test_a_part_without_a_readme_is_found() -> None:
    """Somebody has to say what it is for."""
    (finding,) = missing_from_readme(planted({"libs/web/text.py": ""}))

    assert ("libs/web/README.md", README_RULE) == (finding.path, finding.rule)
