"""Others, in the same run on the same server; installed apart from the product, left out if not there."""
