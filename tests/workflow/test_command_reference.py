"""The written table of commands is what the code and the procedure files say."""

import re
from pathlib import Path

import workflow
from workflow.api.command_reference import described

FOLDER = Path(workflow.__file__).parent


def test_the_table_of_commands_is_what_the_code_says() -> None:
    """Whoever reads who may do what reads the truth: `workflow.api.command_reference` writes it anew."""
    assert described() == (FOLDER / "COMMANDS.md").read_text(encoding="utf-8")


def test_the_readme_names_every_file_and_no_test_that_is_not_there() -> None:
    """A new file gets its line in the README, and what the README promises is proven somewhere."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    sources = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py", "__main__.py"}
    tests = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert set() == {name for name in sources if f"`{name}`" not in text}
    promised = re.findall(r"`test_\w+\.py::(test_\w+)`", text)
    assert promised
    assert [] == [name for name in promised if f"def {name}(" not in tests]
    assert "COMMANDS.md" in text
