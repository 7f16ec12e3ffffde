"""Measuring Gehoor beside the bare limits of the machine and beside others; see README.md."""
