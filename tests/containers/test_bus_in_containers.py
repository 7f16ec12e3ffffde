"""The way over the bus, on servers in containers: every test of `tests/events/test_bus.py`."""

from reused_tests import tests_of

globals().update(tests_of("events/test_bus.py"))
