"""What the store promises, on servers in containers: every test of `tests/events/test_store.py`."""

from borrowed import borrow

globals().update(borrow("events/test_store.py"))
