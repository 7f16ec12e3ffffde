"""How a service follows the feed: the loop, the one transaction of a batch, and a table made again."""
