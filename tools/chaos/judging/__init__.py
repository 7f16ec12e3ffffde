"""The invariants, by what they are about. Each is a function of a run and yields what it finds broken."""
