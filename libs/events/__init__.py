"""The event library: catalogue, envelope, store, feed, relay, bus and the one way to write.

Nothing is re-exported here on purpose, so that a pure file which imports `events.catalogue` never loads
a database driver.
"""
