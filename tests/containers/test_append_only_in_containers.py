"""Nobody rewrites what happened, also in containers: every test of `tests/events/test_append_only.py`."""

from reused_tests import tests_of

globals().update(tests_of("events/test_append_only.py"))
