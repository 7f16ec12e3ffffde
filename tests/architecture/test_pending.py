"""The list of files that do not keep a rule yet only shrinks."""

from architecture.pending import judged
from architecture.tree import Finding

BREACH = Finding("libs/web/text.py", 3, "pure", "imports os")


def test_a_pending_file_is_passed_over_for_its_own_rule_only() -> None:
    """Being late with one rule excuses from no other."""
    assert [] == judged([BREACH], {"pure": ("libs/web/text.py",)}, "pure")
    assert [BREACH] == judged([BREACH], {"no circle": ("libs/web/text.py",)}, "pure")


def test_a_pending_line_whose_file_keeps_the_rule_is_found() -> None:
    """Who mends a file deletes its line, so that it cannot break again unseen."""
    (finding,) = judged([], {"pure": ("libs/web/text.py",)}, "pure")

    assert ("libs/web/text.py", "it keeps the rule now; delete its line in PENDING") == (
        finding.path,
        finding.reason,
    )
