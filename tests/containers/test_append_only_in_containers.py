"""Nobody rewrites what happened, also in containers: every test of `tests/events/test_append_only.py`."""

from borrowed import borrow

globals().update(borrow("events/test_append_only.py"))
