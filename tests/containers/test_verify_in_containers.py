"""A changed record is found, on servers in containers: every test of `tests/events/test_verify.py`."""

from borrowed import borrow

globals().update(borrow("events/test_verify.py"))
