"""What a procedure file holds: its model, whether it contradicts itself, and the sentences that it cites."""
