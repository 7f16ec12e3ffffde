"""The example of the part's README is run as it stands, so that it stays true."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import procedures

README = (Path(procedures.__file__).parent / "README.md").read_text()


def test_the_example_of_the_readme_does_what_it_says() -> None:
    """Whoever copies the example gets the answers written beside it."""
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}

    exec(example, names)  # noqa: S102 - our own page
    procedure, deadline = names["procedure"], names["deadline"]

    missing = ("company", "address", "phone", "reachability", "reported_on")
    assert missing == procedure.missing(("name", "email", "description"))
    assert repr(missing) in example
    assert repr(procedure.classify("technical", "email")) in example
    assert (date(2026, 4, 10), date(2026, 4, 13)) == (deadline.strict.on, deadline.lenient.on)
    assert f"{deadline.strict.on} (office), {deadline.lenient.on} (act" in example
