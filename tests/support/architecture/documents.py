"""Documents lead somewhere: their links, the files a part's README names, and the files it must name.

A part is a folder below `libs`, `services` or `tools`. Its README has a table of files: each `name.py` in it
exists, and each source file of the part stands somewhere in the README, by its own name or by its folder
(`checks/`).
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import normpath

from architecture.tree import Finding, SourceTree

LINK_RULE = "links lead to files"
TABLE_RULE = "a table of files is true"
NAMED_RULE = "a README names its files"
README_RULE = "a part has a README"

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"`([\w/.]+\.py)`")
NAMED_FOLDER = re.compile(r"`([\w/]+/)`")
ELSEWHERE = ("http://", "https://", "mailto:", "#")


def broken_links(tree: SourceTree) -> Iterator[Finding]:
    """Find relative links of `.md` files that lead nowhere; examples in code blocks are left out."""
    places = _places(tree)
    for path, text in tree.documents.items():
        for line, words in prose(text) if path.endswith(".md") else ():
            for target in LINK.findall(words):
                place = normpath(PurePosixPath(path).parent / target.partition("#")[0])
                if not target.startswith(ELSEWHERE) and place not in places:
                    yield Finding(path, line, LINK_RULE, f"{target} is no file of this repository")


def named_but_missing(tree: SourceTree) -> Iterator[Finding]:
    """Find files that stand in a table of a part's README and do not exist, beside it or from the root."""
    for readme, text in _readmes(tree):
        for line, words in prose(text) if readme in tree.documents else ():
            for name in NAMED_FILE.findall(words) if words.startswith("|") else ():
                if not _exists(tree, readme, name):
                    yield Finding(
                        readme, line, TABLE_RULE, f"`{name}` does not exist beside it, nor from the root"
                    )


def missing_from_readme(tree: SourceTree) -> Iterator[Finding]:
    """Find source files that the README of their part does not name, and parts without a README."""
    for readme, text in _readmes(tree):
        folder = PurePosixPath(readme).parent.as_posix()
        if readme not in tree.documents:
            yield Finding(readme, 0, README_RULE, "write one: what the part is for, its files, why it is so")
            continue
        files, folders = set(NAMED_FILE.findall(text)), set(NAMED_FOLDER.findall(text))
        for source in tree.under(folder):
            name = source.path.removeprefix(f"{folder}/")
            if "__" not in name and name not in files and not any(name.startswith(one) for one in folders):
                yield Finding(readme, 0, NAMED_RULE, f"it does not name `{name}`")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines of a document with their numbers, without its blocks of code."""
    inside = False
    for line, words in enumerate(text.splitlines(), start=1):
        if words.lstrip().startswith("```"):
            inside = not inside
        elif not inside and not words.startswith("    "):
            yield line, words


def _readmes(tree: SourceTree) -> Iterator[tuple[str, str]]:
    parts = {(source.top, source.part) for source in tree.sources.values() if source.path.count("/") > 1}
    for top, part in sorted(parts):
        readme = f"{top}/{part}/README.md"
        yield readme, tree.documents.get(readme, "")


def _exists(tree: SourceTree, readme: str, name: str) -> bool:
    folder = PurePosixPath(readme).parent
    # A table of promises names tests, which stand below tests/ and are checked by the part's own test.
    is_test = PurePosixPath(name).name.startswith("test_") or name.startswith("tests/")
    return is_test or name in tree.files() or normpath(folder / name) in tree.sources


def _places(tree: SourceTree) -> set[str]:
    return {
        place
        for path in tree.files()
        for place in (path, *(parent.as_posix() for parent in PurePosixPath(path).parents))
    }
