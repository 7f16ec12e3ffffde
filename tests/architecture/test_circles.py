"""No two files need each other, so that each can be read, tested and moved alone."""

import pytest

from architecture.circles import RULE, TYPES_RULE, circles, types_only_blocks
from architecture.failing import fail_on
from architecture.tree import planted, real_tree


def test_no_files_import_each_other_in_a_circle() -> None:
    """Whoever opens a file finds what it needs below it, and never itself again."""
    fail_on(circles(real_tree()))


def test_no_import_is_for_types_only() -> None:
    """An import that only the type checker sees is where circles hide."""
    fail_on(types_only_blocks(real_tree()))


@pytest.mark.parametrize(
    "back",
    [
        "from service.running import Service\n",
        "import service.running\n",
        "from service import running\n",
        "from . import running\n",
        "def late() -> None:\n    from service.running import Service\n",
        "if TYPE_CHECKING:\n    from service.running import Service\n",
    ],
)
def test_a_circle_is_found_wherever_its_import_stands(back: str) -> None:
    """At the top, in a function, for types only, by the file or by its folder: a circle is a circle."""
    tree = planted(
        {
            "libs/service/__init__.py": "",
            "libs/service/running.py": "from service.loops import run\n",
            "libs/service/loops.py": "from service.health import Health\n",
            "libs/service/health.py": back,
        }
    )

    (finding,) = circles(tree)

    assert RULE == finding.rule
    way = (
        "libs/service/health.py",
        "libs/service/running.py",
        "libs/service/loops.py",
        "libs/service/health.py",
    )
    assert " -> ".join(way) == finding.reason
    assert ("libs/service/health.py", back.count("\n")) == (finding.path, finding.line)


def test_two_ways_down_are_no_circle() -> None:
    """Two files may both use a third."""
    tree = planted(
        {
            "libs/service/host.py": "from service.loops import run\nfrom service.health import Health\n",
            "libs/service/loops.py": "from service.health import Health\n",
            "libs/service/health.py": "",
        }
    )

    assert [] == list(circles(tree))


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_a_block_for_types_only_is_found(test: str) -> None:
    """Also where it hides no circle today."""
    (finding,) = types_only_blocks(planted({"libs/web/text.py": f"import typing\n\nif {test}:\n    pass\n"}))

    assert ("libs/web/text.py", 3, TYPES_RULE) == (finding.path, finding.line, finding.rule)
