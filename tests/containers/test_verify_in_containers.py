"""A changed record is found, on servers in containers: every test of `tests/events/test_verify.py`."""

from reused_tests import tests_of

globals().update(tests_of("events/test_verify.py"))
