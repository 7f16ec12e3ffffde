"""What a consumer promises, on servers in containers: every test of `tests/events/test_consumer.py`."""

from borrowed import borrow

globals().update(borrow("events/test_consumer.py"))
