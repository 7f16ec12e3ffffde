"""The engine itself; the one test of this folder that `make test` shows, as skipped and why."""

import os

import pytest
from testcontainers.core.docker_client import DockerClient

from servers_in_containers import SWITCH


@pytest.mark.skipif(
    SWITCH not in os.environ,
    reason="store and bus on servers in containers need a Docker engine: run make test-containers",
)
def test_a_docker_engine_answers() -> None:
    """Without an engine nothing here could run."""
    assert DockerClient().client.ping()
