"""Counting: facts, calendars, zones, and the derivation of every date of a clock."""
