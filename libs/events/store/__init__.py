"""The event store in Postgres: append, read one case, read the feed, verify; and the key store beside it."""
