"""The way over the bus, on servers in containers: every test of `tests/events/test_bus.py`."""

from borrowed import borrow

globals().update(borrow("events/test_bus.py"))
