"""What `gehoor submit` and its neighbours say of words they cannot use: one line, and never a traceback."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from events.errors import Misconfigured
from gehoor.cli import build
from gehoor.client import send

COMPLAINT = {"organisation": "bc", "channel": "api", "description": "Nobody called back."}


class Stranger(BaseHTTPRequestHandler):
    """Some other web server: it answers everything with a page, and remembers what it was asked."""

    asked: list[str]

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<p>Hello</p>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    """Run such a server; gives its address."""
    Stranger.asked = []
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:abc", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1:9"]
)
def test_an_address_that_cannot_be_asked_is_told(url: str) -> None:
    """Whatever is wrong with the address, the answer is one line that names it."""
    with pytest.raises(Misconfigured, match=r"http|address|answer"):
        send(url, COMPLAINT)


@pytest.mark.parametrize("key", ["", "a\nb", "k€", "x" * 256])
def test_a_key_that_no_header_can_carry_is_told(key: str) -> None:
    """The key is refused before anything is sent."""
    with pytest.raises(Misconfigured, match="--key"):
        send("http://127.0.0.1:9", COMPLAINT, key)


def test_another_server_is_not_taken_for_intake(stranger: str) -> None:
    """A page from somebody else is no receipt, and an address below a path is asked there."""
    with pytest.raises(Misconfigured, match="not intake's address"):
        send(f"{stranger}/complaints/", COMPLAINT)

    assert ["/complaints/v1/complaints"] == Stranger.asked


@pytest.mark.parametrize("complainant", ['"x"', "[1]", "7"])
def test_options_are_not_added_to_a_complainant_that_is_none(tmp_path: Path, complainant: str) -> None:
    """A file that says something else than an object is refused by the name of the field."""
    file = tmp_path / "complaint.json"
    file.write_text(f'{{"organisation": "bc", "channel": "api", "complainant": {complainant}}}')

    result = CliRunner().invoke(build(), ["submit", str(file), "--name", "Noor Jansen"])

    assert isinstance(result.exception, Misconfigured)
    assert "complainant" in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ["procedures", "show", "ingressus", "--out", "/nowhere/x.svg"],
        ["simulate", "--cases", "1", "--diary", "/nowhere/x.jsonl"],
    ],
)
def test_a_file_that_cannot_be_written_is_told_by_its_option(arguments: list[str]) -> None:
    """The option and the reason stand in one line."""
    result = CliRunner().invoke(build(), arguments)

    assert isinstance(result.exception, Misconfigured)
    assert f"{arguments[-2]}: {arguments[-1]}: No such file or directory" == str(result.exception)


def test_stored_cases_are_not_lived_through_live() -> None:
    """Two ways that exclude each other are refused, and none is left out without a word."""
    result = CliRunner().invoke(build(), ["simulate", "--live", "--what-if", "destiny"])

    assert 2 == result.exit_code
    assert "--what-if" in result.output
