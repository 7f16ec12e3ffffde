"""The commands that a person can give about a case, a file for each part of its life."""
