"""What a case is, once its events are folded."""
