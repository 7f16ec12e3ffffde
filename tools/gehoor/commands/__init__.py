"""The commands, one module each; how they are found is told in `gehoor/cli.py`."""
