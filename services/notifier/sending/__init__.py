"""Sending letters: the outbox, an attempt before each try, its outcome, and the next try."""
