"""What a consumer promises, on servers in containers: every test of `tests/events/test_consumer.py`."""

from reused_tests import tests_of

globals().update(tests_of("events/test_consumer.py"))
