"""One home for each closed word, and one meaning for each name, so that the code says nothing twice."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("libs", "services")
    for path in sorted((ROOT / folder).rglob("*.py"))
}


def sets_of_words(tree: ast.Module) -> Iterator[frozenset[str]]:
    """Find every `Literal[...]` of two or more texts in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Literal", "typing.Literal"):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            words = [part.value for part in parts if isinstance(part, ast.Constant)]
            texts = frozenset(word for word in words if isinstance(word, str))
            if len(texts) >= 2:
                yield texts


def names_of_types(tree: ast.Module) -> Iterator[str]:
    """Name the classes and type aliases that a file defines for others, but for its type variables."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_alias(name):
                if not (isinstance(value, ast.Call) and ast.unparse(value.func).endswith("TypeVar")):
                    yield name
            case _:
                pass


def is_alias(name: str) -> bool:
    """Tell a type alias (`Channel`) from a constant (`CHANNELS`) and from what is private to a file."""
    return name[:1].isupper() and not name.isupper()


def test_a_closed_word_is_defined_once() -> None:
    """A set of words that a field may hold stands in one place, so that nobody adds a word to half of it."""
    places: dict[frozenset[str], list[str]] = defaultdict(list)

    for path, tree in TREES.items():
        for words in sets_of_words(tree):
            places[words].append(path)

    assert {} == {tuple(sorted(words)): where for words, where in places.items() if len(where) > 1}


def test_the_name_of_a_class_or_an_alias_has_one_meaning() -> None:
    """Whoever reads `Outcome` in two files reads about the same thing."""
    places: dict[str, list[str]] = defaultdict(list)

    for path, tree in TREES.items():
        for name in names_of_types(tree):
            places[name].append(path)

    assert {} == {name: where for name, where in places.items() if len(where) > 1}
