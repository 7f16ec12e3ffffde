"""The command line `gehoor`: one small module per command in `commands/`, found by its name.

To add a command, write `commands/<name>.py` with a function `<name>`, whose signature is the command's and
whose docstring is its help; a command with commands of its own has a `typer.Typer` named `app` instead.
Whatever takes time to import is imported inside the function, so that `gehoor --help` is quick; what each
command may import is listed in `tests/gehoor/test_imports.py`.

Exit codes: 0 fine, 1 the answer is no, 2 wrong use, a wrong setting or a server that is not there, in one
line on the error output.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from events.errors import GehoorError
from events.version import VERSION
from gehoor.unreachable import suspects, unreachable

FIRST = (
    "up",
    "demo",
    "status",
    "doctor",
    "provision",
    "token",
    "submit",
    "history",
    "clocks",
    "breaches",
    "verify",
    "parked",
)
"""In this order in the help; others follow by alphabet."""


def build(only: str | None = None) -> typer.Typer:
    """Put the command line together from the modules that are there; `only` imports that command's alone."""
    app = typer.Typer(
        name="gehoor",
        help="Complaint handling that keeps an organisation's promises, and proves it.",
        epilog="Settings are variables GEHOOR_*, listed in tools/gehoor/README.md.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)  # a Typer with one command and no callback would be that command, without a name
    for name in _names() if only is None else [only]:
        module = import_module(f"gehoor.commands.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def main() -> None:
    """Run the command line; a fault a person can mend is one line and exit code 2."""
    # pydantic looks for plugins in the metadata of every installed package: 20 ms of each command, for none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    try:
        build(_asked(sys.argv[1:]))()
    except GehoorError as problem:
        print(f"gehoor: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        sys.stderr.close()  # `gehoor … | head`: whoever read has seen enough
        raise SystemExit(0) from None
    except suspects() as problem:
        line = unreachable(problem)
        if line is None:
            raise
        print(f"gehoor: {line}", file=sys.stderr)
        raise SystemExit(2) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"gehoor {VERSION}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def _asked(arguments: list[str]) -> str | None:
    """Give the command that was asked for; None for help, for a mistake, or for an option before it."""
    return arguments[0] if arguments and arguments[0] in _names() else None


def _names() -> list[str]:
    """Name the commands in the order of the help."""
    folder = Path(__file__).parent / "commands"
    found = [path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")]
    return sorted(found, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))


if __name__ == "__main__":
    main()
