"""Deadlines: sets, warns, meets and breaches the clocks that a case was opened with."""
