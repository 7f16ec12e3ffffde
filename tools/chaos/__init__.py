"""Crash campaigns: real processes under load, a seeded nemesis, one history, one checker."""
