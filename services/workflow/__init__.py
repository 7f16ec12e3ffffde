"""Workflow: opens a case for each complaint, pins its procedure, names a handler and decides commands."""
