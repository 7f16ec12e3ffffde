"""The 16 partitions of the feed: what waits in one, and which replica works on which."""
