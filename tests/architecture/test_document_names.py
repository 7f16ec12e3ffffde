"""A name of our code, or of a test, that stands in a document is there."""

import pytest

from architecture.document_names import NAME_RULE, TEST_RULE, missing_names, missing_tests
from architecture.failing import fail_on
from architecture.tree import SourceTree, planted, real_tree

CODE = {
    "services/workflow/commands/permissions.py": "from events.clock import FrozenClock\n\nGENERAL: int = 1\n",
    "services/workflow/classification.py": "def open_case() -> None: ...\n",
    "tests/workflow/test_linking.py": "",
}


def tree_with(words: str, path: str = "services/workflow/README.md") -> SourceTree:
    """A little workflow, and one document that holds these words."""
    return planted({**CODE, path: f"First.\n\n{words}\n"})


def test_every_name_in_a_document_exists() -> None:
    """Whoever looks for a name that a document gives finds it."""
    fail_on(missing_names(real_tree()))


def test_every_test_in_a_document_exists() -> None:
    """Whoever wants to see a promise shown finds the test that shows it."""
    fail_on(missing_tests(real_tree()))


@pytest.mark.parametrize(
    "words",
    [
        "`table.GENERAL`",
        "`permissions.SPECIAL`",
        "`commands/permissions.SPECIAL`",
        "`workflow.case.open_case`",
        "`workflow.classification.close_case()`",
        "| x | see `workflow.commands.table` |",
    ],
)
def test_a_name_that_is_gone_is_found(words: str) -> None:
    """The module is gone, or the name in it; in a sentence or in a table."""
    (finding,) = missing_names(tree_with(words))

    assert ("services/workflow/README.md", 3, NAME_RULE) == (finding.path, finding.line, finding.rule)


@pytest.mark.parametrize(
    "words",
    [
        "`permissions.GENERAL`",
        "`commands/permissions.GENERAL`",
        "`permissions.FrozenClock`",
        "`workflow.classification.open_case`",
        "`workflow.classification.open_case()`",
        "`workflow.commands.permissions`",
        "`complainant.name`",
        "`workflow.parked`",
        "`request.app.state.desk`",
        "`Desk.take`",
        "workflow.case.open_case",
        "```\n`table.GENERAL`\n```",
    ],
)
def test_a_name_that_exists_or_is_no_name_of_code_is_left_alone(words: str) -> None:
    """Fields, tables and events of the log look like names of code, and are none."""
    assert [] == list(missing_names(tree_with(words)))


def test_a_test_that_is_gone_is_found() -> None:
    """By its file, whatever stands around the name."""
    findings = missing_tests(tree_with("`test_linking.py::test_a`, `tests/workflow/test_joining.py`"))

    assert [("services/workflow/README.md", 3, TEST_RULE, "there is no test_joining.py below tests")] == [
        (one.path, one.line, one.rule, one.reason) for one in findings
    ]


def test_the_changelog_may_name_what_was() -> None:
    """A log of changes tells of files that were renamed."""
    tree = tree_with("`table.GENERAL` and `test_joining.py`", path="CHANGELOG.md")

    assert [] == [*missing_names(tree), *missing_tests(tree)]
