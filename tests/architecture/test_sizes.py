"""A file is one idea and can be read from top to bottom."""

from architecture.failing import fail_on
from architecture.sizes import LONGEST, MEDIAN_AT_MOST, RULE, sizes
from architecture.tree import planted, real_tree


def test_no_file_is_longer_than_one_idea() -> None:
    """None is over 350 lines, and half of them have at most 120."""
    fail_on(sizes(real_tree()))


def test_a_file_that_is_too_long_is_found() -> None:
    """One line more than allowed is one too many."""
    short = {f"libs/events/short_{number}.py": "ONE = 1\nTWO = 2\n" for number in range(3)}

    (finding,) = sizes(
        planted({**short, "libs/events/long.py": "A = 1\n" * (LONGEST + 1), "libs/web/fits.py": "A\n" * 350})
    )

    assert ("libs/events/long.py", RULE) == (finding.path, finding.rule)


def test_files_that_grow_together_are_found() -> None:
    """When all files become longer, no single one is to blame, and it is seen all the same."""
    grown = {f"libs/events/grown_{number}.py": "A = 1\n" * (MEDIAN_AT_MOST + 1) for number in range(3)}

    (finding,) = sizes(planted(grown))

    assert f"the median is {MEDIAN_AT_MOST + 1} lines, {MEDIAN_AT_MOST} at most" == finding.reason


def test_files_that_only_name_their_folder_do_not_pull_the_median_down() -> None:
    """Many empty files would hide that the others are long."""
    grown = {f"libs/events/grown_{number}.py": "A = 1\n" * (MEDIAN_AT_MOST + 1) for number in range(3)}
    empty = {f"libs/events/room_{number}/__init__.py": '"""A room."""\n' for number in range(9)}

    assert 1 == len(list(sizes(planted({**grown, **empty}))))
