"""Every public function that raises says so: its docstring names the exception in backticks.

Who calls a function at night must know what comes out of it besides its answer. Counted are the `raise`
statements in the body itself, not those of functions within it, and not `AssertionError` and
`NotImplementedError`, which are bugs. A function whose answer is raised (`raise refused(...)`) counts as the
class that it returns. What stands in a variable (`raise failure`) cannot be named by a machine and is left to
the reviewer. A route of HTTP is left out: its docstring is text of the API document, which lists its refusals
under `responses`.
"""

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from architecture.tree import Finding, SourceTree

RULE = "a docstring names what is raised"
HTTP_METHODS = frozenset({"get", "head", "post", "put", "patch", "delete"})
BUGS = frozenset({"AssertionError", "NotImplementedError"})

PublicFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Names:
    """What the whole tree says about names: the bases of each class, the answer of each function."""

    bases: dict[str, set[str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


def silent_raises(tree: SourceTree) -> Iterator[Finding]:
    """Find public functions of libs and services that raise what their docstring does not name."""
    names = _names(tree)
    for source in tree.under("libs", "services"):
        for function in _public(source.syntax.body):
            text = ast.get_docstring(function) or ""
            for line, raised in _raised(function, names):
                if not any(f"`{name}`" in text for name in _with_bases(raised, names.bases)):
                    yield Finding(
                        source.path,
                        line,
                        RULE,
                        f"{function.name} raises {raised}; say when, in its docstring",
                    )


def _public(body: list[ast.stmt]) -> Iterator[PublicFunction]:
    for node in body:
        if isinstance(node, PublicFunction) and not (node.name.startswith("_") or _is_route(node)):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body)


def _is_route(function: PublicFunction) -> bool:
    calls = (one.func for one in function.decorator_list if isinstance(one, ast.Call))
    return any(isinstance(one, ast.Attribute) and one.attr in HTTP_METHODS for one in calls)


def _raised(function: PublicFunction, names: Names) -> Iterator[tuple[int, str]]:
    for node in _own(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = _class_of(node.exc, names)
            if raised is not None and raised not in BUGS:
                yield node.lineno, raised


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when the function itself runs: nothing of the functions and classes inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, PublicFunction | ast.ClassDef | ast.Lambda):
            yield child
            yield from _own(child)


def _class_of(raised: ast.expr, names: Names) -> str | None:
    called = isinstance(raised, ast.Call)
    name = ast.unparse(raised.func if isinstance(raised, ast.Call) else raised).split(".")[-1]
    if name in names.bases or isinstance(getattr(builtins, name, None), type):
        return name
    if called and name in names.answers:
        return names.answers[name]
    return name if called and name[:1].isupper() else None


def _names(tree: SourceTree) -> Names:
    names = Names()
    for source in tree.under("libs", "services"):
        for node in source.nodes:
            if isinstance(node, ast.ClassDef):
                names.bases.setdefault(node.name, set()).update(
                    ast.unparse(base).split(".")[-1] for base in node.bases
                )
            elif isinstance(node, PublicFunction) and isinstance(node.returns, ast.Name):
                names.answers[node.name] = node.returns.id
    return names


def _with_bases(name: str, bases: Mapping[str, set[str]]) -> set[str]:
    """Return a class and what it is a kind of, without `Exception`: to name that says nothing."""
    known = getattr(builtins, name, None)
    above = set(bases.get(name, ())) | (
        {base.__name__ for base in known.__mro__} if isinstance(known, type) else set()
    )
    above -= {name, "Exception", "BaseException", "object"}
    return {name}.union(*(_with_bases(base, bases) for base in above))
