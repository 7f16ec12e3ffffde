"""A year of invented complaints: made from a seed, lived through the real deciders, and counted."""
