"""A file is one idea: no source file over 350 lines, and half of them at most 120.

Peers' scripts of the bench are ours as well and counted; generated documents are no source files.
"""

from collections.abc import Iterator
from statistics import median

from architecture.tree import Finding, SourceTree

RULE = "a file is one idea"
LONGEST = 350
MEDIAN_AT_MOST = 120


def sizes(tree: SourceTree) -> Iterator[Finding]:
    """Find files that are too long, and a tree whose files are too long in the median."""
    lines = {path: source.text.count("\n") for path, source in tree.sources.items()}
    for path, count in lines.items():
        if count > LONGEST:
            yield Finding(
                path, count, RULE, f"it has {count} lines, {LONGEST} at most: move out its second idea"
            )
    # A file that only names its folder would pull the median down, and hide a drift upwards.
    counted = [count for count in lines.values() if count > 1]
    if counted and median(counted) > MEDIAN_AT_MOST:
        yield Finding(".", 0, RULE, f"the median is {median(counted)} lines, {MEDIAN_AT_MOST} at most")
