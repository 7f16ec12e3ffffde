"""What the store promises, on servers in containers: every test of `tests/events/test_store.py`."""

from reused_tests import tests_of

globals().update(tests_of("events/test_store.py"))
