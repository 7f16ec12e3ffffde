"""Documents name what is there: names of our code, and files of tests, that stand in backticks.

Only forms that mean nothing else are looked at: a name with three parts whose first is a package of ours
(`intake.submission.file`), a constant or a class of a module (`permissions.GENERAL`), and `test_x.py`. A name
of two small words may be a table of the database or an event of the log (`deadlines.due`). The changelog is
left out, because it names what was.
"""

import ast
import re
from collections.abc import Iterator

from architecture.documents import prose
from architecture.tree import Finding, SourceTree

NAME_RULE = "a name in a document exists"
TEST_RULE = "a test in a document exists"

TELLS_WHAT_WAS = "CHANGELOG.md"
NAME_IN_PACKAGE = re.compile(r"`([a-z_]\w*(?:\.[a-z_]\w*)+\.\w+)(?:\(\))?`")
NAME_IN_MODULE = re.compile(r"`(?:[\w/]+/)?([a-z_]\w*)\.([A-Z]\w*)`")
TEST_FILE = re.compile(r"\b(test_\w+\.py)\b")


def missing_names(tree: SourceTree) -> Iterator[Finding]:
    """Find names of our modules, functions and constants in documents that are not in the code."""
    packages = {module.partition(".")[0] for module in tree.by_module}
    for path, line, words in _lines(tree):
        for name in NAME_IN_PACKAGE.findall(words):
            if name.partition(".")[0] in packages and not _exists(tree, name):
                yield Finding(path, line, NAME_RULE, f"`{name}` is no module, and no name in one")
        for module, name in NAME_IN_MODULE.findall(words):
            if not any(name in _defined(tree, each) for each in _modules_called(tree, module)):
                yield Finding(path, line, NAME_RULE, f"no module {module} of ours defines `{name}`")


def missing_tests(tree: SourceTree) -> Iterator[Finding]:
    """Find files of tests that a document names and that stand nowhere below `tests`."""
    there = {path.rpartition("/")[2] for path in tree.files() if path.startswith("tests/")}
    for path, line, words in _lines(tree):
        for name in TEST_FILE.findall(words):
            if name not in there:
                yield Finding(path, line, TEST_RULE, f"there is no {name} below tests")


def _lines(tree: SourceTree) -> Iterator[tuple[str, int, str]]:
    for path, text in tree.documents.items():
        for line, words in prose(text) if path != TELLS_WHAT_WAS else ():
            yield path, line, words


def _exists(tree: SourceTree, name: str) -> bool:
    module, _, last = name.rpartition(".")
    return name in tree.by_module or last in _defined(tree, module)


def _modules_called(tree: SourceTree, name: str) -> Iterator[str]:
    return (module for module in tree.by_module if module.rpartition(".")[2] == name)


def _defined(tree: SourceTree, module: str) -> frozenset[str]:
    """Return the names at the top of a module, its imports too; none for a module that is not there."""
    source = tree.by_module.get(module)
    return frozenset(name for node in source.syntax.body for name in _names(node)) if source else frozenset()


def _names(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name for alias in aliases)
        case _:
            return
