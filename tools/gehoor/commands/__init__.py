"""The commands, one module each; `gehoor/cli.py` finds them."""
