"""Intake: takes a complaint from any channel, stores it before it answers, and shows where it stands."""
