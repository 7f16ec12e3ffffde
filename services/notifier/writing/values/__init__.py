"""The variables of the letters' texts: those of every letter, and those of each one."""
