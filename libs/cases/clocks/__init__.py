"""One clock of a case as its events record it: the only fold of what `deadlines` appends."""
