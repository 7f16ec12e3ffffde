"""The examples of the guide run as they are written."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from application_server import serving
from events.platform import Platform
from intake.app import application

GUIDE = (Path(__file__).parents[2] / "services" / "intake" / "README.md").read_text("utf-8")


@pytest.fixture
async def address(intake_platform: Platform, free_port: int) -> AsyncIterator[str]:
    """Where intake can be reached."""
    async with serving(application(intake_platform), free_port):
        yield f"127.0.0.1:{free_port}"


def examples(language: str, address: str) -> list[str]:
    """Give the examples of the guide in a language, for another port."""
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return [text.replace("127.0.0.1:8080", address) for text in found]


async def output(*command: str) -> str:
    """Run a command and give what it says."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    return said.decode()


@pytest.mark.postgres
async def test_the_python_examples_file_a_complaint_and_check_its_receipt(address: str) -> None:
    """Pasted one after the other, they do what the guide says."""
    said = await output(sys.executable, "-c", "\n".join(examples("python", address)))

    assert re.search(r"^SUP-\S+ is still missing \['company'", said, re.MULTILINE), said
    assert re.search(r"^signed: SUP-\S+ \S+Z [0-9a-f]{64}$", said, re.MULTILINE), said


@pytest.mark.postgres
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_the_curl_examples_file_a_complaint_and_add_to_it(address: str) -> None:
    """Pasted into a terminal, with the reference and link that were answered, they file and add."""
    file, add = examples("sh", address)

    filed = await output("sh", "-c", file)
    answer = json.loads(filed)
    for name in ("reference", "status_url"):
        add = re.sub(rf"^{name}=.*$", f"{name}={answer[name]}", add, flags=re.MULTILINE)
    added = await output("sh", "-c", add)

    assert re.search(r'"reference":"SUP-', filed), filed
    assert ["company", "reported_on", "role", "phone"] == answer["missing"]
    assert {"missing": ["company", "reported_on", "role"], "reference": answer["reference"]} == json.loads(
        added
    )
