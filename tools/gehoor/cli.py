"""The command line `gehoor`: one small module per command in `commands/`, found by its name.

To add a command, write `commands/<name>.py` with a function `<name>`, whose signature is the command's and
whose docstring is its help; a command with commands of its own has a `typer.Typer` named `app` instead.
Whatever takes time to import is imported inside the function, so that `gehoor --help` is quick.

Exit codes: 0 fine, 1 the answer is no, 2 wrong use, a wrong setting or a server that is not there, in one
line on the error output.
"""

import sys
from importlib import import_module
from pathlib import Path

import typer

from events.errors import GehoorError
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


def build() -> typer.Typer:
    """Put the command line together from the modules that are there."""
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
    for name in sorted(_names(), key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)):
        module = import_module(f"gehoor.commands.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def main() -> None:
    """Run the command line; a fault a person can mend is one line and exit code 2."""
    try:
        build()()
    except GehoorError as problem:
        print(f"gehoor: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        sys.stderr.close()  # `gehoor … | head`: whoever read has seen enough
        raise SystemExit(0) from None
    except suspects() as problem:
        told = unreachable(problem)
        if told is None:
            raise
        print(f"gehoor: {told}", file=sys.stderr)
        raise SystemExit(2) from None


def _names() -> list[str]:
    folder = Path(__file__).parent / "commands"
    return [path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")]


if __name__ == "__main__":
    main()
