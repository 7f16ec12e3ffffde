"""The ways in over HTTP: file a complaint, add to one, and what their headers contain about the sender."""
